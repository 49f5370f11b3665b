package metastore

import (
	"cmp"
	"database/sql"
	"time"
)

// Apply bounds db's connections. Dialects call it in their Open.
func (p Pool) Apply(db *sql.DB) {
	open := cmp.Or(p.MaxOpen, 10)
	db.SetMaxOpenConns(open)
	db.SetMaxIdleConns(cmp.Or(p.MaxIdle, open))
	db.SetConnMaxLifetime(cmp.Or(p.MaxLifetime, 30*time.Minute))
	db.SetConnMaxIdleTime(cmp.Or(p.MaxIdleTime, 5*time.Minute))
}
