package metastore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/metastore"
)

// fake is a database with one variable, whose failures a test writes in advance.
type fake struct {
	mu     sync.Mutex
	fails  []error // of the next statements that are not about columns; nil: the statement succeeds
	asked  []string
	looks  int  // at columns
	made   int  // statements prepared, those that look at columns not counted
	absent bool // there is no row
	opened int
	closed int
	look   func(ctx context.Context) error // before a look at columns
}

var (
	errLost     = errors.New("lost pLanted5ecret")
	errConflict = errors.New("conflict pLanted5ecret")
	errStale    = errors.New("stale pLanted5ecret")
	errOther    = errors.New("other pLanted5ecret")
)

// dialect makes of the fake's errors what a real dialect makes of its driver's.
type dialect struct{ metastore.Dialect }

func (dialect) Name() string                       { return "fake" }
func (dialect) Quote(name string) string           { return name }
func (dialect) Placeholder(int) string             { return "?" }
func (dialect) Prepares() bool                     { return false }
func (dialect) Folds() bool                        { return false }
func (d dialect) Upsert(u metastore.Upsert) string { return metastore.OnConflict(d, u) }

func (dialect) Table(ctx context.Context, q metastore.Querier, table, _ string) (metastore.Table, error) {
	return metastore.ScanTable(q.QueryContext(ctx, "columns "+table))
}

func (dialect) Classify(err error) metastore.Failure {
	switch {
	case errors.Is(err, errLost):
		return metastore.Failure{Reason: "lost", Lost: true}
	case errors.Is(err, errConflict):
		return metastore.Failure{Reason: "conflict", Untouched: true}
	case errors.Is(err, errStale):
		return metastore.Failure{Reason: "stale", Stale: true}
	}
	return metastore.Failure{Reason: "other"}
}

func open(t *testing.T, f *fake, opts *metastore.Options) *metastore.Store {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := metastore.New(db, dialect{}, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func (f *fake) Connect(context.Context) (driver.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	return &fakeConn{f}, nil
}
func (f *fake) Driver() driver.Driver { return nil }

// answer is the next statement's failure.
func (f *fake) answer(statement string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.Fields(statement)[0])
	if len(f.fails) == 0 {
		return nil
	}
	err := f.fails[0]
	f.fails = f.fails[1:]
	return err
}

type fakeConn struct{ *fake }

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.HasPrefix(query, "columns ") {
		c.made++
	}
	return &fakeStmt{c.fake, query}, nil
}
func (c *fakeConn) Begin() (driver.Tx, error)  { return nil, errOther }
func (c *fakeConn) Ping(context.Context) error { return nil }
func (c *fakeConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fake.closed++
	return nil
}

type fakeStmt struct {
	*fake
	query string
}

func (s *fakeStmt) Close() error                               { return nil }
func (s *fakeStmt) NumInput() int                              { return -1 }
func (s *fakeStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errOther }
func (s *fakeStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errOther }

func (s *fakeStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	if s.absent {
		return driver.RowsAffected(0), s.answer(s.query)
	}
	return driver.RowsAffected(1), s.answer(s.query)
}

func (s *fakeStmt) QueryContext(ctx context.Context, _ []driver.NamedValue) (driver.Rows, error) {
	if table, ok := strings.CutPrefix(s.query, "columns "); ok {
		s.mu.Lock()
		s.looks++
		look := s.look
		s.mu.Unlock()
		if look != nil {
			if err := look(ctx); err != nil {
				return nil, err
			}
		}
		columns := []string{"id", "key", "val", "is_encrypted"}
		if table == "connection" {
			columns = []string{"id", "conn_id", "conn_type", "host", "schema", "login", "password", "port", "extra", "is_encrypted", "is_extra_encrypted"}
		}
		columns = append(columns, "team_name")
		rows := &fakeRows{}
		for _, column := range columns {
			rows.rows = append(rows.rows, []driver.Value{column, column == "key" || column == "conn_id"})
		}
		return rows, nil
	}
	if err := s.answer(s.query); err != nil {
		return nil, err
	}
	if s.absent {
		return &fakeRows{}, nil
	}
	return &fakeRows{rows: [][]driver.Value{{int64(1), "x", "value", false}}}, nil
}

type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.rows) == 0 {
		return nil
	}
	return make([]string, len(r.rows[0]))
}
func (r *fakeRows) Close() error { return nil }
func (r *fakeRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(into, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
