package backendtest

import (
	"io"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
)

var lifeChecks = []check{
	{"closes twice", "closing twice is fine, and a lookup after it gives a value or a failure, never an absence", func(s *suite) {
		b := s.backend(sample())
		closer, ok := b.(io.Closer)
		if !ok {
			s.Skip("not an io.Closer")
		}
		assert.NoError(s, closer.Close())
		assert.NoError(s, closer.Close())
		if _, err := b.GetVariable(s.Context(), "hello"); err != nil {
			assert.NotErrorIs(s, err, secrets.ErrNotFound)
			NoLeak(s, planted, err)
		}
	}},
}
