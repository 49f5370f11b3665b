package backend

import (
	"context"
	"errors"

	"github.com/secretchain/secrets"
)

// Refused makes the error of a constructor, or of a driver's Open, that cannot use its arguments: it reads like err and
// wraps secrets.ErrMalformed too. An err that has a class, as a context's has, keeps it, and nil stays nil.
func Refused(err error) error {
	for _, kept := range []error{secrets.ClassOf(err), context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, kept) {
			return err
		}
	}
	return classed{err, secrets.ErrMalformed}
}

// classed is an error with a class that its text does not name.
type classed struct {
	error
	class error
}

func (e classed) Unwrap() []error { return []error{e.error, e.class} }
