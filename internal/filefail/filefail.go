// Package filefail gives the failures of package filewatch their classes.
package filefail

import (
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/filewatch"
)

// Classed returns err with a class, if it is a [filewatch.Problem]: a missing or failing file is an outage, never an
// absence. Other errors, which are those of the parser that the store gave, have theirs.
func Classed(err error) error {
	p, ok := errors.AsType[*filewatch.Problem](err)
	if !ok {
		return err
	}
	switch p.Kind {
	case filewatch.Forbidden:
		return fmt.Errorf("%w: %w", secrets.ErrDenied, p)
	case filewatch.Oversized:
		return fmt.Errorf("%w: %w", secrets.ErrMalformed, p)
	}
	return fmt.Errorf("%w: %w", secrets.ErrUnavailable, p)
}
