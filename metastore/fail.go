package metastore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/secretchain/secrets"
)

// failure is a database's error in our words.
type failure struct {
	Failure
	dialect string
}

func (f *failure) Error() string {
	return f.Class.Error() + ": " + f.dialect + ": " + f.Reason
}

func (f *failure) Unwrap() error { return f.Class }

// fail puts err, of the database or our own, into the error that leaves the store. The end of the caller's context goes
// before everything else: drivers report it in many ways.
func (s *Store) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if isOurs(err) {
		return err
	}
	if s.closed.Load() {
		return secrets.ErrClosed
	}
	f := new(failure)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f.Failure = Failure{Reason: "the driver's own time limit ended the call"}
	case errors.Is(err, driver.ErrBadConn):
		f.Failure = Failure{Reason: "the connection was lost", Lost: true, Untouched: true}
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone):
		f.Failure = Failure{Reason: "the connection was closed while in use", Lost: true}
	case err.Error() == "sql: database is closed": // database/sql keeps this one to itself
		return secrets.ErrClosed
	default:
		f.Failure = s.dialect.Classify(err)
	}
	if f.Class == nil {
		f.Class = secrets.ErrUnavailable
	}
	f.dialect = s.dialect.Name() // which may know more now
	return f
}

// isUnheld reports whether err is about a name that no row can have.
func isUnheld(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.Unheld
}

// isOurs reports whether err was made by this package, and so has a class and holds no value.
func isOurs(err error) bool {
	var f *failure
	var row *RowError
	var whole *secrets.Error
	return err == secrets.ErrNotFound || errors.As(err, &f) || errors.As(err, &row) || errors.As(err, &whole)
}

// refuse is a failure that needed no driver to find.
func refuse(class error, dialect, reason string) error {
	return &failure{Failure{Class: class, Reason: reason}, dialect}
}
