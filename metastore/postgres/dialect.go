package postgres

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/secretchain/secrets/internal/place"
	"github.com/secretchain/secrets/metastore"
)

// Dialect is PostgreSQL's. The zero value is ready; for databases that the caller opens, see [metastore.New].
type Dialect struct{ server *place.Place }

var _ metastore.Dialect = Dialect{}

// Name returns "postgres", and of a store that [Open] made the server's address, once the server has answered there.
func (d Dialect) Name() string { return d.server.After("postgres") }

// Quote uses double quotes.
func (Dialect) Quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}

// Placeholder returns $1, $2 and so on.
func (Dialect) Placeholder(position int) string { return "$" + strconv.Itoa(position) }

// Upsert is INSERT … ON CONFLICT.
func (d Dialect) Upsert(u metastore.Upsert) string { return metastore.OnConflict(d, u) }

// Prepares is true: pgx keeps prepared statements, or does without where the data source name says so.
func (Dialect) Prepares() bool { return true }

// Folds is false: texts are compared byte by byte.
func (Dialect) Folds() bool { return false }

// Table asks the catalogue for the table that the search_path leads to.
func (d Dialect) Table(ctx context.Context, q metastore.Querier, table, key string) (metastore.Table, error) {
	found, err := metastore.ScanTable(q.QueryContext(ctx, `SELECT a.attname::text, a.attname = $2 AND EXISTS (
			SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid
			AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
		FROM pg_catalog.pg_attribute a
		WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY a.attnum`, table, key))
	if err == nil {
		d.server.Answered()
	}
	return found, err
}

// Exclusive is a transaction under an advisory lock.
func (Dialect) Exclusive(ctx context.Context, db *sql.DB, name string, do func(q metastore.Querier) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "secretchain:"+name); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Create returns Airflow 3.2's tables.
func (Dialect) Create(table string) []string {
	return map[string][]string{
		"team": {`CREATE TABLE IF NOT EXISTS team (
	name VARCHAR(50) NOT NULL,
	CONSTRAINT team_pkey PRIMARY KEY (name)
)`},
		"connection": {`CREATE TABLE IF NOT EXISTS connection (
	id SERIAL NOT NULL,
	conn_id VARCHAR(250) NOT NULL,
	conn_type VARCHAR(500) NOT NULL,
	description TEXT,
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
	CONSTRAINT connection_team_name_fkey FOREIGN KEY (team_name) REFERENCES team (name) ON DELETE SET NULL
)`},
		"variable": {`CREATE TABLE IF NOT EXISTS variable (
	id SERIAL NOT NULL,
	key VARCHAR(250),
	val TEXT,
	description TEXT,
	is_encrypted BOOLEAN,
	team_name VARCHAR(50),
	CONSTRAINT variable_pkey PRIMARY KEY (id),
	CONSTRAINT variable_key_uq UNIQUE (key),
	CONSTRAINT variable_team_name_fkey FOREIGN KEY (team_name) REFERENCES team (name) ON DELETE SET NULL
)`},
	}[table]
}
