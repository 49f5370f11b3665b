package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	"github.com/secretchain/secrets/internal/place"
	"github.com/secretchain/secrets/metastore"
)

// Dialect is that of MySQL and MariaDB. The zero value is ready; for databases that the caller opens, see [metastore.New].
type Dialect struct{ server *place.Place }

var _ metastore.Dialect = Dialect{}

// Name returns "mysql", and of a store that [Open] made the server's address, once the server has answered there.
func (d Dialect) Name() string { return d.server.After("mysql") }

// Quote uses backquotes.
func (Dialect) Quote(identifier string) string {
	return "`" + strings.ReplaceAll(identifier, "`", "``") + "`"
}

// Placeholder returns "?".
func (Dialect) Placeholder(int) string { return "?" }

// Upsert is INSERT … ON DUPLICATE KEY UPDATE. It has no condition, so a guard is one in every assignment.
func (d Dialect) Upsert(u metastore.Upsert) string {
	assignments := make([]string, len(u.Update))
	for i, column := range u.Update {
		name := d.Quote(column)
		value := "VALUES(" + name + ")" // MariaDB does not know the newer form, a row alias
		if guard := d.Quote(u.Guard); u.Guard != "" {
			value = "IF(" + guard + " IS NULL OR " + guard + " = VALUES(" + guard + "), " + value + ", " + name + ")"
		}
		assignments[i] = name + " = " + value
	}
	return metastore.Insert(d, u.Table, u.Columns) + " ON DUPLICATE KEY UPDATE " + strings.Join(assignments, ", ")
}

// Prepares is false: the driver prepares each statement anew.
func (Dialect) Prepares() bool { return false }

// Folds is true: most collations ignore case.
func (Dialect) Folds() bool { return true }

// Table asks the catalogue about the connection's database.
func (d Dialect) Table(ctx context.Context, q metastore.Querier, table, key string) (metastore.Table, error) {
	found, err := metastore.ScanTable(q.QueryContext(ctx, `SELECT c.column_name, c.column_name = ? AND EXISTS (
			SELECT 1 FROM information_schema.statistics s
			WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.non_unique = 0
			GROUP BY s.index_name HAVING COUNT(*) = 1 AND MAX(s.column_name) = c.column_name)
		FROM information_schema.columns c
		WHERE c.table_schema = DATABASE() AND c.table_name = ?
		ORDER BY c.ordinal_position`, key, table))
	if err == nil {
		d.server.Answered()
	}
	return found, err
}

// lockName is unique to the database: named locks belong to the server. They have 64 characters at most.
const lockName = "CONCAT('secretchain:', MD5(CONCAT(DATABASE(), '/', ?)))"

// errLocked: a named lock was held for as long as we wait at once.
var errLocked = errors.New("the lock is held")

// Exclusive is a transaction under a named lock, which ends with its connection at the latest.
func (Dialect) Exclusive(ctx context.Context, db *sql.DB, name string, do func(q metastore.Querier) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var got sql.NullBool
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+lockName+", 10)", name).Scan(&got); err != nil {
		return err
	}
	if !got.Bool {
		return errLocked
	}
	defer func() {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if _, err := conn.ExecContext(soon, "DO RELEASE_LOCK("+lockName+")", name); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // not back into the pool with the lock
		}
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Create returns Airflow 3.2's tables, with names that are compared letter by letter.
func (Dialect) Create(table string) []string {
	const options = ` ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`
	return map[string][]string{
		"team": {`CREATE TABLE IF NOT EXISTS team (
	name VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
	PRIMARY KEY (name)
)` + options},
		"connection": {"CREATE TABLE IF NOT EXISTS connection (" + `
	id INTEGER NOT NULL AUTO_INCREMENT,
	conn_id VARCHAR(250) COLLATE utf8mb4_bin NOT NULL,
	conn_type VARCHAR(500) NOT NULL,
	description TEXT,
	host VARCHAR(500),
	` + "`schema`" + ` VARCHAR(500),
	login TEXT,
	password TEXT,
	port INTEGER,
	is_encrypted BOOLEAN,
	is_extra_encrypted BOOLEAN,
	team_name VARCHAR(50) COLLATE utf8mb4_bin,
	extra TEXT,
	PRIMARY KEY (id),
	UNIQUE KEY connection_conn_id_uq (conn_id),
	CONSTRAINT connection_team_name_fkey FOREIGN KEY (team_name) REFERENCES team (name) ON DELETE SET NULL
)` + options},
		"variable": {"CREATE TABLE IF NOT EXISTS variable (" + `
	id INTEGER NOT NULL AUTO_INCREMENT,
	` + "`key`" + ` VARCHAR(250) COLLATE utf8mb4_bin,
	val MEDIUMTEXT,
	description TEXT,
	is_encrypted BOOLEAN,
	team_name VARCHAR(50) COLLATE utf8mb4_bin,
	PRIMARY KEY (id),
	UNIQUE KEY variable_key_uq (` + "`key`" + `),
	CONSTRAINT variable_team_name_fkey FOREIGN KEY (team_name) REFERENCES team (name) ON DELETE SET NULL
)` + options},
	}[table]
}
