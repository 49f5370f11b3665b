package metastore

import (
	"context"

	"github.com/secretchain/secrets"
)

// GetConnections returns the connections stored under id, in the order of column id: one, or several in a table of
// Airflow 1.10. Where several rows share the id, those that can be read are returned and a warning names the others;
// it is ErrMalformed, with a [*RowError], when none can.
func (s *Store) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	var rows []connectionRow
	err := s.get(ctx, secrets.KindConnection, id, func(q Querier, t *table) (err error) {
		rows, err = query[connectionRow](ctx, q, t.selectOne, t.args(id)...)
		return err
	})
	if err == nil {
		var conns []secrets.Connection
		if conns, err = s.connections(id, rows); err == nil {
			return conns, nil
		}
	}
	return nil, &secrets.Error{Op: "get", Kind: secrets.KindConnection, ID: id, Err: err}
}

// GetConnURI returns the URI form of the first connection stored under id.
func (s *Store) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, s.GetConnections)
}

// GetVariable returns the value stored under key. NULL is ErrNotFound, as in Airflow. A value that cannot be decrypted is
// ErrMalformed, with a [*RowError].
func (s *Store) GetVariable(ctx context.Context, key string) (string, error) {
	var rows []variableRow
	err := s.get(ctx, secrets.KindVariable, key, func(q Querier, t *table) (err error) {
		rows, err = query[variableRow](ctx, q, t.selectOne, t.args(key)...)
		return err
	})
	if err == nil {
		var value string
		if value, err = s.value(key, rows); err == nil {
			return value, nil
		}
	}
	return "", &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: key, Err: err}
}

// get is read for one name. A name that no database could hold is not found without asking.
func (s *Store) get(ctx context.Context, kind secrets.Kind, name string, do func(q Querier, t *table) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := s.StoreName(kind, name); !ok {
		return secrets.ErrNotFound
	}
	if err := s.read(ctx, kind, do); !isUnheld(err) {
		return err
	}
	return secrets.ErrNotFound
}

// connections makes the answer of the rows of one id.
func (s *Store) connections(id string, rows []connectionRow) ([]secrets.Connection, error) {
	conns := make([]secrets.Connection, 0, len(rows))
	var first error
	for i := range rows {
		var bad *RowError
		c := rows[i].connection(s, id, func(e *RowError) { bad = e })
		switch {
		case bad == nil:
			conns = append(conns, c)
		case first == nil:
			first = bad
		}
		if bad != nil && len(rows) > 1 {
			s.options.warn("one of several rows cannot be read", "conn_id", id, "row", bad.Row, "field", bad.Field, "reason", bad.Reason)
		}
	}
	switch {
	case len(conns) > 0:
		return conns, nil
	case first != nil:
		return nil, first
	}
	return nil, secrets.ErrNotFound
}

// value makes the answer of the rows of one key: the first that is not NULL.
func (s *Store) value(key string, rows []variableRow) (string, error) {
	for i := range rows {
		if rows[i].val.null {
			continue
		}
		var bad *RowError
		value := rows[i].value(s, key, func(e *RowError) { bad = e })
		if bad != nil {
			return "", bad
		}
		return value, nil
	}
	return "", secrets.ErrNotFound
}
