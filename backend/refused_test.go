package backend_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// What is no failure of the arguments is not called one: what the caller or the store has ended can be tried again.
func TestRefused(t *testing.T) {
	assert.NoError(t, backend.Refused(nil))
	for _, c := range []struct{ err, class error }{
		{errors.New("a word too many"), secrets.ErrMalformed},
		{fmt.Errorf("%w: no login", secrets.ErrDenied), secrets.ErrDenied},
		{secrets.ErrUnavailable, secrets.ErrUnavailable},
		{context.Canceled, secrets.ErrUnavailable},
		{fmt.Errorf("dial: %w", context.DeadlineExceeded), secrets.ErrUnavailable},
	} {
		got := backend.Refused(c.err)
		assert.Equal(t, c.class, secrets.ClassOf(got), c.err)
		assert.ErrorIs(t, got, c.err)
		assert.EqualError(t, got, c.err.Error())
	}
}
