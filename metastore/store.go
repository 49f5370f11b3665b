package metastore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/cache"
	"github.com/secretchain/secrets/internal/fernet"
)

// Store reads and writes the tables of one database. All methods are safe for concurrent use, also by several
// processes. Make one with [New], or with Open of a dialect's package.
type Store struct {
	db      func() *sql.DB // behind a func, which no printer and no dumper opens: a driver's handle may hold a password
	ask     func() Querier // db, with its statements prepared
	dialect Dialect
	options Options
	ring    *fernet.Ring // nil: no keys

	plainOnce sync.Once // the warning that values are stored unencrypted
	discovery *cache.Flight[secrets.Kind, *table]
	tables    [secrets.KindVariable + 1]atomic.Pointer[table]
	closed    atomic.Bool
}

var (
	_ secrets.Backend = (*Store)(nil)
	_ secrets.Batcher = (*Store)(nil)
	_ secrets.Lister  = (*Store)(nil)
	_ secrets.Checker = (*Store)(nil)
	_ secrets.Namer   = (*Store)(nil)
	_ secrets.Writer  = (*Store)(nil)
	_ io.Closer       = (*Store)(nil)
)

// New returns a Store on db, which must speak dialect. It does no I/O: tables are looked at when they are first needed.
// It fails, with ErrMalformed, for a nil argument, a Fernet key that is none, and a team name that Airflow would refuse; nil opts is
// valid.
func New(db *sql.DB, dialect Dialect, opts *Options) (*Store, error) {
	if db == nil || dialect == nil {
		return nil, backend.Refused(errors.New("metastore: New needs a database and a dialect"))
	}
	options, ring, err := opts.validated()
	if err != nil {
		return nil, backend.Refused(err)
	}
	ask := Querier(db)
	if !dialect.Prepares() {
		ask = &prepared{db: db}
	}
	s := &Store{db: func() *sql.DB { return db }, ask: func() Querier { return ask }, dialect: dialect, options: options, ring: ring}
	s.discovery = cache.NewFlight(s.discover)
	return s, nil
}

// String names the database as its errors do, and nothing else of the connection.
func (s *Store) String() string { return "metastore (" + s.dialect.Name() + ")" }

// Format writes String, whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// StoreName returns id, the text in the column conn_id or key. It is false for configuration, which the metastore
// does not hold, for the blank id, and for ids that no database could hold: not UTF-8, or with a NUL.
func (s *Store) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	return id, (kind == secrets.KindConnection || kind == secrets.KindVariable) && id != "" && storable(id)
}

func storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// Check asks whether both tables can be read now. A missing table, or one that is not Airflow's, is unavailable.
func (s *Store) Check(ctx context.Context) error {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable} {
		err := s.read(ctx, kind, func(q Querier, t *table) error {
			rows, err := q.QueryContext(ctx, t.selectNone)
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			return rows.Err()
		})
		if err != nil {
			return &secrets.Error{Op: "check", Kind: kind, Err: err}
		}
	}
	return nil
}

// Close releases what the store holds; every later call fails with ErrClosed. The database is closed if Open made it, or
// Options.CloseDB says so. Closing twice is fine.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.discovery.Close(secrets.ErrClosed)
	if p, ok := s.ask().(*prepared); ok {
		p.Close()
	}
	if !s.options.CloseDB {
		return nil
	}
	if err := s.db().Close(); err != nil {
		return &secrets.Error{Op: "close", Err: refuse(secrets.ErrUnavailable, s.dialect.Name(), "a connection could not be closed")}
	}
	return nil
}
