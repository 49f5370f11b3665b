package metastore

import (
	"context"
	"database/sql"

	"github.com/secretchain/secrets"
)

// DeleteConnection deletes every connection stored under id; ErrNotFound when there is none.
func (s *Store) DeleteConnection(ctx context.Context, id string) error {
	return s.remove(ctx, secrets.KindConnection, id)
}

// DeleteVariable deletes the variable stored under key; ErrNotFound when there is none.
func (s *Store) DeleteVariable(ctx context.Context, key string) error {
	return s.remove(ctx, secrets.KindVariable, key)
}

func (s *Store) remove(ctx context.Context, kind secrets.Kind, name string) error {
	err := ctx.Err()
	if err == nil {
		if _, ok := s.StoreName(kind, name); !ok {
			err = secrets.ErrNotFound
		}
	}
	if err == nil {
		err = s.write(ctx, kind, func(q Querier, t *table) error {
			n, err := affected(q.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE "+t.by+" = "+t.dialect.Placeholder(1)+t.teamCondition(2),
				t.args(name)...))
			if err == nil && n == 0 {
				err = secrets.ErrNotFound
			}
			return err
		})
	}
	if isUnheld(err) {
		err = secrets.ErrNotFound
	}
	if err != nil {
		return &secrets.Error{Op: "delete", Kind: kind, ID: name, Err: err}
	}
	return nil
}

// affected is how many rows a statement has changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
