package metastore

import (
	"context"
	"database/sql"
)

// A Dialect is everything that differs between databases; a [Store] knows only database/sql and its Dialect. This
// module's are the structs sqlite.Dialect, postgres.Dialect and mysql.Dialect. Methods are safe for concurrent use.
type Dialect interface {
	// Name is the word for the database in errors: "sqlite", "postgres", "mysql". It may tell which one it is, after a blank, if that
	// cannot be part of a password: "postgres db.example.com:5432".
	Name() string

	// Quote quotes an identifier, reserved words included.
	Quote(identifier string) string

	// Placeholder is how a statement names its parameter at position, counted from 1.
	Placeholder(position int) string

	// Upsert is the statement that inserts a row, or updates the one with the same key, atomically. The parameters
	// are the columns' values in order. Most databases can use [OnConflict].
	Upsert(u Upsert) string

	// Table finds the columns of a table by the name that an unqualified statement would use, and whether key is unique
	// in it. A table that is not there has no columns; that is no error.
	Table(ctx context.Context, q Querier, table, key string) (Table, error)

	// Create returns the statements that create one of Airflow's tables, "team", "connection" or "variable", in the
	// newest shape, and leave it alone where it is.
	Create(table string) []string

	// Exclusive runs do in a transaction that no other process runs at the same time under the same name. The transaction
	// is rolled back when do fails, and do's error returned. A statement that commits by itself, such as MySQL's
	// DDL, may end the transaction, not the exclusion.
	Exclusive(ctx context.Context, db *sql.DB, name string, do func(q Querier) error) error

	// Classify tells what an error of the driver means. It is never asked about nil or the end of the caller's context.
	Classify(err error) Failure

	// Prepares reports whether the driver prepares and caches statements by itself, so that the Store should not.
	Prepares() bool

	// Folds reports whether the database may take two different names for the same, as MySQL does under most
	// collations. Then a batch looks again for the names that did not come back letter by letter.
	Folds() bool
}

// A Querier is what *[sql.DB], *[sql.Conn] and *[sql.Tx] have in common.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Table is what a [Dialect] finds out about a table.
type Table struct {
	Columns []string // empty: there is no such table
	Unique  bool     // whether two rows cannot have the same key
}

// Upsert describes an insert-or-update. Names are not quoted yet.
type Upsert struct {
	Table, Key string
	Columns    []string // of the new row, in the order of the parameters; Key is one of them
	Update     []string // which of them replace those of an existing row
	Guard      string   // "", or a column: an existing row is left alone unless this is NULL there or equal to the new row's
}

// Failure is what an error of a driver means.
type Failure struct {
	Class  error  // one of the classes of package secrets; nil: ErrUnavailable
	Reason string // the database's code and what to do; never the driver's text, which may hold values

	Lost      bool // the connection broke while in use: a read may be repeated on another
	Untouched bool // the statement certainly changed nothing and may succeed when repeated: a deadlock's victim, a lock held
	Stale     bool // a table or column is not as it was found: look again
	Unheld    bool // a name in the statement has characters that its column cannot hold: no row is called so
}

// ScanTable reads the rows of a [Dialect]'s statement that finds a table: one per column, with its name and whether it is
// the key and unique by itself.
func ScanTable(rows *sql.Rows, err error) (t Table, _ error) {
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		var unique bool
		if err := rows.Scan(&column, &unique); err != nil {
			return t, err
		}
		t.Columns = append(t.Columns, column)
		t.Unique = t.Unique || unique
	}
	return t, rows.Err()
}
