package metastore

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/secretchain/secrets"
)

// SetConnection stores c under c.ID, in place of every connection that is stored under it.
//
// Of an existing row these are kept: the password if c has none, so that it is never lost by accident; the description
// if c has none (see Options.ClearDescriptions); the team. Everything else becomes what c says, blank fields NULL, the
// extra too. To take a password away, delete the connection first. Tables of Airflow 1.10 have no description: it is
// left out, with a warning. c must be valid: see [secrets.Connection.Validate].
func (s *Store) SetConnection(ctx context.Context, c secrets.Connection) error {
	err := c.Validate()
	if err == nil {
		err = s.set(ctx, secrets.KindConnection, c.ID, s.connectionChange(c))
	}
	if err != nil {
		return &secrets.Error{Op: "set", Kind: secrets.KindConnection, ID: c.ID, Err: err}
	}
	return nil
}

// SetVariable stores value under key. The description and team of an existing row are kept; see
// Options.ClearDescriptions. A key has 1 to 250 characters; key and value are UTF-8.
func (s *Store) SetVariable(ctx context.Context, key, value string) error {
	err := s.checkVariable(key, value)
	if err == nil {
		err = s.set(ctx, secrets.KindVariable, key, s.variableChange(key, value))
	}
	if err != nil {
		return &secrets.Error{Op: "set", Kind: secrets.KindVariable, ID: key, Err: err}
	}
	return nil
}

func (s *Store) checkVariable(key, value string) error {
	reason := ""
	switch {
	case key == "":
		reason = "the key is blank"
	case utf8.RuneCountInString(key) > 250:
		reason = "the key has more than 250 characters"
	case !storable(key):
		reason = "the key is not UTF-8, or holds a NUL"
	case !utf8.ValidString(value):
		reason = "the value is not UTF-8"
	default:
		return nil
	}
	return refuse(secrets.ErrMalformed, s.dialect.Name(), reason)
}

// A change is what a write does to a row: the columns of a new one, and which of them replace an existing one's.
type change struct {
	columns []string
	values  []any
	replace []string
}

// keep sets a column in a new row only.
func (c *change) keep(column string, value any) {
	c.columns, c.values = append(c.columns, column), append(c.values, value)
}

func (c *change) set(column string, value any) {
	c.keep(column, value)
	c.replace = append(c.replace, column)
}

// setText is set for a column in which blank is NULL.
func (c *change) setText(column, value string) {
	if value == "" {
		c.set(column, nil)
		return
	}
	c.set(column, value)
}

// connectionChange seals once, so that every try of a write stores the same.
func (s *Store) connectionChange(c secrets.Connection) func(t *table) change {
	password, passwordSealed := "", false
	if !c.Password.IsZero() {
		password, passwordSealed = s.seal(c.Password.Reveal())
	}
	extra, extraSealed := "", false
	if !c.Extra.IsZero() {
		extra, extraSealed = s.seal(c.Extra.Reveal())
	}
	return func(t *table) (row change) {
		row.keep("conn_id", c.ID)
		row.set("conn_type", c.Type)
		row.setText("host", c.Host)
		row.setText("schema", c.Schema)
		row.setText("login", c.Login)
		if c.Port == 0 {
			row.set("port", nil)
		} else {
			row.set("port", int64(c.Port))
		}
		row.setText("extra", extra)
		row.set("is_extra_encrypted", extraSealed)
		if password == "" {
			row.keep("is_encrypted", false)
		} else {
			row.set("password", password)
			row.set("is_encrypted", passwordSealed)
		}
		switch {
		case t.has["description"] && (c.Description != "" || s.options.ClearDescriptions):
			row.setText("description", c.Description)
		case !t.has["description"] && c.Description != "":
			s.options.warn("the table has no description: it is left out", "conn_id", c.ID)
		}
		return row
	}
}

func (s *Store) variableChange(key, value string) func(t *table) change {
	stored, sealed := s.seal(value)
	return func(t *table) (row change) {
		row.keep("key", key)
		row.set("val", stored)
		row.set("is_encrypted", sealed)
		if t.has["description"] && s.options.ClearDescriptions {
			row.set("description", nil)
		}
		return row
	}
}

// set writes one name's row.
func (s *Store) set(ctx context.Context, kind secrets.Kind, name string, row func(t *table) change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.write(ctx, kind, func(q Querier, t *table) error {
		c := row(t)
		if t.team != "" {
			c.keep("team_name", t.team)
		}
		if !t.unique {
			return s.setAlone(ctx, t, name, c)
		}
		return t.setUnique(ctx, q, name, c)
	})
}

// setUnique updates the row, or inserts it. The update goes first because an insert that turns out to be an update uses
// up a value of the id, which has 31 bits; the second statement is an upsert because another writer may have been first.
func (t *table) setUnique(ctx context.Context, q Querier, name string, c change) error {
	if n, err := t.update(ctx, q, c, t.by, name, true); n > 0 || err != nil {
		return err
	}
	upsert := Upsert{Table: t.layout.table, Key: t.layout.key, Columns: c.columns, Update: c.replace}
	if t.team != "" {
		upsert.Guard = "team_name"
	}
	if _, err := q.ExecContext(ctx, t.dialect.Upsert(upsert), c.values...); err != nil || t.team == "" {
		return err
	}
	// Another team's row was left alone. The count of changed rows does not tell: MySQL has two ways to count them.
	team := t.dialect.Quote("team_name")
	rows, err := query[nameRow](ctx, q, "SELECT "+t.dialect.Quote("id")+", "+t.by+" FROM "+t.name+" WHERE "+t.by+" = "+
		t.dialect.Placeholder(1)+" AND "+team+" <> "+t.dialect.Placeholder(2), name, t.team)
	if err == nil && len(rows) > 0 {
		err = refuse(secrets.ErrDenied, t.dialect.Name(), "the name belongs to another team")
	}
	return err
}

// setAlone writes into a table whose names may repeat, which no constraint protects from two writers of one name: the
// first row becomes the change, and the others go, in one transaction.
func (s *Store) setAlone(ctx context.Context, t *table, name string, c change) error {
	return s.dialect.Exclusive(ctx, s.db(), t.layout.table+":"+name, func(q Querier) error {
		id := t.dialect.Quote("id")
		rows, err := query[nameRow](ctx, q, "SELECT "+id+", "+t.by+" FROM "+t.name+" WHERE "+t.by+" = "+t.dialect.Placeholder(1)+
			t.teamCondition(2)+" ORDER BY "+id, t.args(name)...)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			_, err := q.ExecContext(ctx, Insert(t.dialect, t.layout.table, c.columns), c.values...)
			return err
		}
		for _, other := range rows[1:] {
			if _, err := q.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE "+id+" = "+t.dialect.Placeholder(1), other.id); err != nil {
				return err
			}
		}
		_, err = t.update(ctx, q, c, id, rows[0].id, false)
		return err
	})
}

// update changes the rows whose column by, which is quoted, has the value is.
func (t *table) update(ctx context.Context, q Querier, c change, by string, is any, team bool) (int64, error) {
	assignments := make([]string, len(c.replace))
	args := make([]any, len(c.replace), len(c.replace)+2)
	for i, column := range c.replace {
		assignments[i] = t.dialect.Quote(column) + " = " + t.dialect.Placeholder(i+1)
		args[i] = c.values[slices.Index(c.columns, column)]
	}
	statement := "UPDATE " + t.name + " SET " + strings.Join(assignments, ", ") + " WHERE " + by + " = " + t.dialect.Placeholder(len(args)+1)
	args = append(args, is)
	if team {
		statement += t.teamCondition(len(args) + 1)
		args = t.args(args...)
	}
	return affected(q.ExecContext(ctx, statement, args...))
}
