package metastore

import (
	"context"

	"github.com/secretchain/secrets"
)

// Migrate creates the tables that are missing, connection, variable and the table team that they refer to, in Airflow's
// newest shape. A table that is there is left as it is; one that is not Airflow's is refused before anything is
// created, with the columns it lacks. Any number of processes may call it at once, and as often as they like.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.insist(ctx, func() error {
		return s.fail(ctx, s.dialect.Exclusive(ctx, s.db(), "migrate", func(q Querier) error { return s.createMissing(ctx, q) }))
	})
	if err != nil {
		return &secrets.Error{Op: "migrate", Err: err}
	}
	return nil
}

func (s *Store) createMissing(ctx context.Context, q Querier) error {
	missing, err := s.missingTables(ctx, q)
	if err != nil || len(missing) == 0 {
		return err
	}
	for _, table := range append([]string{"team"}, missing...) {
		for _, statement := range s.dialect.Create(table) {
			if _, err := q.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) missingTables(ctx context.Context, q Querier) (missing []string, err error) {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable} {
		l := layouts[kind]
		found, err := s.dialect.Table(ctx, q, l.table, l.key)
		switch {
		case err != nil:
			return nil, err
		case len(found.Columns) == 0:
			missing = append(missing, l.table)
		default:
			if err := s.understood(l, found); err != nil {
				return nil, err
			}
		}
	}
	return missing, nil
}
