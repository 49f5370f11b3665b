package metastore

import (
	"cmp"
	"database/sql"
	"time"
)

// Own is [New] for a database that the store owns, for the Open of a dialect: it has as many connections as Options.Pool
// says, and Close ends them. Db is closed, too, where Own fails.
func Own(db *sql.DB, dialect Dialect, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	o.CloseDB = true
	store, err := New(db, dialect, &o)
	if err != nil {
		_ = db.Close() // it has no connection yet
		return nil, err
	}
	o.Pool.Apply(db)
	return store, nil
}

// Apply bounds db's connections.
func (p Pool) Apply(db *sql.DB) {
	open := cmp.Or(p.MaxOpen, 10)
	db.SetMaxOpenConns(open)
	db.SetMaxIdleConns(cmp.Or(p.MaxIdle, open))
	db.SetConnMaxLifetime(cmp.Or(p.MaxLifetime, 30*time.Minute))
	db.SetConnMaxIdleTime(cmp.Or(p.MaxIdleTime, 5*time.Minute))
}
