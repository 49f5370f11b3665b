package metastore

import (
	"context"
	"database/sql"

	"github.com/secretchain/secrets"
)

// connectionRow is one row as it is stored. Its fields are those of selected, in that order.
type connectionRow struct {
	id                                                    int64
	name, typ, description, host, schema, login, password text
	port                                                  number
	extra                                                 text
	encrypted, extraEncrypted                             flag
}

func (r *connectionRow) scan(rows *sql.Rows) error {
	return rows.Scan(&r.id, &r.name, &r.typ, &r.description, &r.host, &r.schema, &r.login, &r.password, &r.port, &r.extra,
		&r.encrypted, &r.extraEncrypted)
}

func (r *connectionRow) key() text     { return r.name }
func (r *connectionRow) number() int64 { return r.id }

// connection returns what the row holds under id, and tells report about every field that cannot be read.
func (r *connectionRow) connection(s *Store, id string, report func(*RowError)) secrets.Connection {
	bad := func(field, reason string) {
		report(&RowError{Kind: secrets.KindConnection, ID: id, Row: r.id, Field: field, Reason: reason})
	}
	for _, column := range [...]struct {
		name string
		text
	}{{"conn_type", r.typ}, {"description", r.description}, {"host", r.host}, {"schema", r.schema}, {"login", r.login}} {
		if column.bad {
			bad(column.name, notText)
		}
	}
	if r.port.bad {
		bad("port", "not a whole number")
	}
	c := secrets.Connection{ID: id, Type: r.typ.string, Description: r.description.string, Host: r.host.string,
		Schema: r.schema.string, Login: r.login.string, Port: r.port.n}
	for _, column := range [...]struct {
		name      string
		stored    text
		encrypted flag
		into      *secrets.Secret
	}{{"password", r.password, r.encrypted, &c.Password}, {"extra", r.extra, r.extraEncrypted, &c.Extra}} {
		if column.stored.string == "" && !column.stored.bad { // blank or NULL is blank, whatever the flag
			continue
		}
		clear, reason := unseal(s.ring, column.stored, column.encrypted)
		if reason != "" {
			bad(column.name, reason)
		}
		*column.into = secrets.NewSecret(clear)
	}
	return c
}

// variableRow is one row as it is stored. Its fields are those of selected, in that order.
type variableRow struct {
	id        int64
	name, val text
	encrypted flag
}

func (r *variableRow) scan(rows *sql.Rows) error {
	return rows.Scan(&r.id, &r.name, &r.val, &r.encrypted)
}

func (r *variableRow) key() text     { return r.name }
func (r *variableRow) number() int64 { return r.id }

// value returns what the row holds under key, and tells report if it cannot be read. The value must not be NULL.
func (r *variableRow) value(s *Store, key string, report func(*RowError)) string {
	clear, reason := unseal(s.ring, r.val, r.encrypted)
	if reason != "" {
		report(&RowError{Kind: secrets.KindVariable, ID: key, Row: r.id, Field: "val", Reason: reason})
	}
	return clear
}

// nameRow is a row's name alone.
type nameRow struct {
	id   int64
	name text
}

func (r *nameRow) scan(rows *sql.Rows) error { return rows.Scan(&r.id, &r.name) }
func (r *nameRow) key() text                 { return r.name }
func (r *nameRow) number() int64             { return r.id }

// row is a pointer to one of the row types.
type row[T any] interface {
	*T
	scan(rows *sql.Rows) error
	key() text
	number() int64 // column id
}

// query returns the rows that a statement reads.
func query[T any, R row[T]](ctx context.Context, q Querier, statement string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		all = append(all, *new(T))
		if err := R(&all[len(all)-1]).scan(rows); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}
