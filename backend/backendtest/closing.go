package backendtest

import (
	"io"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
)

var lifeChecks = []check{
	{"closes twice", "closing twice is fine, and a call after it does what it says or fails with ErrClosed", func(s *suite) {
		b := s.backend(sample())
		closer, ok := b.(io.Closer)
		if !ok {
			s.Skip("not an io.Closer")
		}
		assert.NoError(s, closer.Close())
		assert.NoError(s, closer.Close())
		for _, c := range append(s.reads(b), s.writes(b)...) {
			complete, err := c.run(s.Context())
			switch {
			case unsupported(err):
			case err == nil:
				assert.Truef(s, complete, "%s: no error, and no value", c.name)
			default:
				assert.ErrorIs(s, err, secrets.ErrClosed, c.name)
				assert.NotErrorIs(s, err, secrets.ErrNotFound, c.name)
				NoLeak(s, planted, err)
			}
		}
	}},
}
