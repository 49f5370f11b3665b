package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
)

// Classify maps SQLite's result codes.
func (Dialect) Classify(err error) metastore.Failure {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return metastore.Failure{Reason: "the driver failed: check the parameters of the data source name"}
	}
	unavailable := func(reason string) metastore.Failure { return metastore.Failure{Reason: reason} }
	switch e.Code() & 0xff { // the rest of an extended code only refines it
	case lib.SQLITE_READONLY:
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the file or its folder may not be written (SQLITE_READONLY): to do nothing but read, open it as file:path?mode=ro"}
	case lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "access was refused (SQLITE_PERM): check the file's permissions"}
	case lib.SQLITE_CONSTRAINT:
		if e.Code() == lib.SQLITE_CONSTRAINT_FOREIGNKEY {
			return metastore.Failure{Class: secrets.ErrMalformed, Reason: "the team is not in table team (SQLITE_CONSTRAINT_FOREIGNKEY)"}
		}
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a constraint of the table refused the row (SQLITE_CONSTRAINT)"}
	case lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value is too long or of another type (SQLITE_TOOBIG, SQLITE_MISMATCH)"}
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return metastore.Failure{Reason: "another writer held the database for too long (SQLITE_BUSY)", Untouched: true}
	case lib.SQLITE_CANTOPEN:
		return unavailable("the file cannot be opened (SQLITE_CANTOPEN): check that its folder exists and may be written")
	case lib.SQLITE_NOTADB:
		return unavailable("the file is not a SQLite database (SQLITE_NOTADB)")
	case lib.SQLITE_CORRUPT:
		return unavailable("the file is damaged (SQLITE_CORRUPT): restore it from a backup")
	case lib.SQLITE_FULL:
		return unavailable("the disk is full (SQLITE_FULL)")
	case lib.SQLITE_IOERR:
		return unavailable(fmt.Sprintf("reading or writing the file failed (SQLITE_IOERR, %d)", e.Code()))
	case lib.SQLITE_ERROR:
		f := unavailable("SQLite refused a statement (SQLITE_ERROR)")
		for _, sign := range []string{"no such column", "no such table", "has no column named"} {
			if strings.Contains(e.Error(), sign) {
				f.Stale, f.Reason = true, "the tables are not as they were found (SQLITE_ERROR)"
			}
		}
		return f
	}
	return unavailable(fmt.Sprintf("SQLite failed with code %d", e.Code()))
}
