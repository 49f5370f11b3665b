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
		for _, c := range s.reads(b) {
			complete, err := c.run(s.Context())
			if err == nil {
				assert.Truef(s, complete, "%s: no error, and no value", c.name)
			}
			assert.NotErrorIs(s, err, secrets.ErrNotFound, c.name)
			NoLeak(s, planted, err)
		}
	}},
}
