package metastore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/secretchain/secrets"
)

// layout is what Airflow calls a kind's table and its columns. Columns that not every generation has are optional.
type layout struct {
	table, key         string
	required, optional []string
}

var layouts = map[secrets.Kind]layout{
	secrets.KindConnection: {
		table: "connection", key: "conn_id",
		required: []string{"id", "conn_id", "conn_type", "host", "schema", "login", "password", "port", "extra", "is_encrypted", "is_extra_encrypted"},
		optional: []string{"description", "team_name"},
	},
	secrets.KindVariable: {
		table: "variable", key: "key",
		required: []string{"id", "key", "val", "is_encrypted"},
		optional: []string{"description", "team_name"},
	},
}

// selected are the columns of a lookup, in the order in which row types scan them.
var selected = map[secrets.Kind][]string{
	secrets.KindConnection: {"id", "conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra", "is_encrypted", "is_extra_encrypted"},
	secrets.KindVariable:   {"id", "key", "val", "is_encrypted"},
}

// table is one of Airflow's tables as it was found, with the statements that read it.
type table struct {
	layout
	kind      secrets.Kind
	dialect   Dialect
	has       map[string]bool
	unique    bool
	team      string // "": the team is no condition
	columns   string // of a lookup: quoted, NULL for one that the table lacks
	name, by  string // table and key, quoted
	selectOne string
	// selectNone reads no row, to see whether it would be allowed to.
	selectNone string
}

// table returns a kind's table, looking at the database the first time. Concurrent first callers share one look; a
// failure is not remembered.
func (s *Store) table(ctx context.Context, kind secrets.Kind) (*table, error) {
	if t := s.tables[kind].Load(); t != nil {
		return t, nil
	}
	t, _, err := s.discovery.Do(ctx, kind)
	if f, ok := errors.AsType[*failure](err); ok && f.Lost {
		untouched := *f // the original may be another caller's too
		untouched.Untouched = true
		return nil, &untouched
	}
	return t, err
}

// forget drops a table that turned out to be another than it was.
func (s *Store) forget(t *table) {
	if t != nil {
		s.tables[t.kind].CompareAndSwap(t, nil)
	}
}

func (s *Store) discover(ctx context.Context, kind secrets.Kind) (*table, error) {
	l := layouts[kind]
	found, err := s.dialect.Table(ctx, s.db(), l.table, l.key)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if err := s.understood(l, found); err != nil {
		return nil, err
	}
	t := newTable(s.dialect, kind, found, s.options.Team)
	s.tables[kind].Store(t)
	return t, nil
}

// understood refuses a table that is missing, or is not Airflow's.
func (s *Store) understood(l layout, found Table) error {
	if len(found.Columns) == 0 {
		return refuse(secrets.ErrUnavailable, s.dialect.Name(),
			"there is no table "+l.table+": call Migrate if the database is meant to be new, else check database, schema and what the login may see")
	}
	var missing []string
	for _, column := range l.required {
		if !slices.Contains(found.Columns, column) {
			missing = append(missing, column)
		}
	}
	if len(missing) > 0 {
		return refuse(secrets.ErrUnavailable, s.dialect.Name(),
			"table "+l.table+" is not Airflow's: it lacks "+strings.Join(missing, ", "))
	}
	return nil
}

func newTable(d Dialect, kind secrets.Kind, found Table, team string) *table {
	t := &table{layout: layouts[kind], kind: kind, dialect: d, has: make(map[string]bool), unique: found.Unique}
	for _, column := range found.Columns {
		t.has[column] = true
	}
	if t.has["team_name"] {
		t.team = team
	}
	t.name, t.by = d.Quote(t.table), d.Quote(t.key)
	columns := make([]string, len(selected[kind]))
	for i, column := range selected[kind] {
		if columns[i] = d.Quote(column); !t.has[column] {
			columns[i] = "NULL"
		}
	}
	t.columns = strings.Join(columns, ", ")
	t.selectOne = t.selectBy("= "+d.Placeholder(1), 1)
	t.selectNone = "SELECT " + t.columns + " FROM " + t.name + " WHERE 1 = 0"
	return t
}

// selectBy reads the rows whose key meets a condition with so many parameters, in stored order.
func (t *table) selectBy(condition string, parameters int) string {
	return "SELECT " + t.columns + " FROM " + t.name + " WHERE " + t.by + " " + condition +
		t.teamCondition(parameters+1) + " ORDER BY " + t.dialect.Quote("id")
}

// in is a condition that the key is one of so many parameters.
func (t *table) in(parameters int) string {
	var b strings.Builder
	b.WriteString("IN (")
	for i := range parameters {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.dialect.Placeholder(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// teamCondition limits a statement to the rows that the store's team sees; position is that of its parameter.
func (t *table) teamCondition(position int) string {
	if t.team == "" {
		return ""
	}
	column := t.dialect.Quote("team_name")
	return " AND (" + column + " IS NULL OR " + column + " = " + t.dialect.Placeholder(position) + ")"
}

// args appends the team, where the statement has a teamCondition.
func (t *table) args(args ...any) []any {
	if t.team == "" {
		return args
	}
	return append(args, t.team)
}
