package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"strings"

	"github.com/secretchain/secrets/metastore"
)

// Dialect is SQLite's. The zero value is ready; for databases that the caller opens, see [metastore.New].
type Dialect struct{ file string } // as errors tell it; "": not at all

var _ metastore.Dialect = Dialect{}

var fileName = regexp.MustCompile(`^[\w.-]+\.(db3?|sqlite3?)$`)

// dialectOf returns the Dialect of a path, or of a file: URI.
func dialectOf(path string) Dialect {
	path = strings.TrimPrefix(path, "file:")
	if name := path[strings.LastIndexAny(path, `/\`)+1:]; fileName.MatchString(name) {
		return Dialect{name}
	}
	return Dialect{}
}

// Name returns "sqlite", and of a store that [Open] made the file's name without its folder, if it ends in .db, .db3, .sqlite or
// .sqlite3. What does not may be no file's name, but a server's data source name with its password.
func (d Dialect) Name() string { return strings.TrimSpace("sqlite " + d.file) }

// Quote uses backquotes: SQLite takes a name between double quotes that it does not know for a text.
func (Dialect) Quote(identifier string) string { return "`" + identifier + "`" }

// Placeholder returns "?".
func (Dialect) Placeholder(int) string { return "?" }

// Upsert is INSERT … ON CONFLICT.
func (d Dialect) Upsert(u metastore.Upsert) string { return metastore.OnConflict(d, u) }

// Prepares is false.
func (Dialect) Prepares() bool { return false }

// Folds is false: texts are compared byte by byte.
func (Dialect) Folds() bool { return false }

// Table asks the schema.
func (Dialect) Table(ctx context.Context, q metastore.Querier, table, key string) (metastore.Table, error) {
	return metastore.ScanTable(q.QueryContext(ctx, `SELECT name, name = ? AND EXISTS (
			SELECT 1 FROM pragma_index_list(?) AS list WHERE list."unique" AND NOT list.partial
			AND (SELECT group_concat(name) FROM pragma_index_info(list.name)) = ?)
		FROM pragma_table_info(?)`, key, table, key, table))
}

// Exclusive is an immediate transaction: SQLite has one writer at a time, whatever the name.
func (Dialect) Exclusive(ctx context.Context, db *sql.DB, _ string, do func(q metastore.Querier) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err = do(conn); err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		if _, failed := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); failed != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // not back into the pool with an open transaction
		}
	}
	return err
}

// Create returns Airflow 3.2's tables.
func (Dialect) Create(table string) []string {
	return map[string][]string{
		"team": {`CREATE TABLE IF NOT EXISTS team (
	name VARCHAR(50) NOT NULL,
	CONSTRAINT team_pkey PRIMARY KEY (name)
)`},
		"connection": {`CREATE TABLE IF NOT EXISTS connection (
	id INTEGER NOT NULL,
	conn_id VARCHAR(250) NOT NULL,
	conn_type VARCHAR(500) NOT NULL,
	description VARCHAR(5000),
	host VARCHAR(500),
	schema VARCHAR(500),
	login TEXT,
	password TEXT,
	port INTEGER,
	is_encrypted BOOLEAN,
	is_extra_encrypted BOOLEAN,
	team_name VARCHAR(50),
	extra TEXT,
	CONSTRAINT connection_pkey PRIMARY KEY (id),
	CONSTRAINT connection_conn_id_uq UNIQUE (conn_id),
	CONSTRAINT connection_team_name_fkey FOREIGN KEY(team_name) REFERENCES team (name) ON DELETE SET NULL
)`},
		"variable": {`CREATE TABLE IF NOT EXISTS variable (
	id INTEGER NOT NULL,
	"key" VARCHAR(250),
	val TEXT,
	description TEXT,
	is_encrypted BOOLEAN,
	team_name VARCHAR(50),
	CONSTRAINT variable_pkey PRIMARY KEY (id),
	CONSTRAINT variable_key_uq UNIQUE ("key"),
	CONSTRAINT variable_team_name_fkey FOREIGN KEY(team_name) REFERENCES team (name) ON DELETE SET NULL
)`},
	}[table]
}
