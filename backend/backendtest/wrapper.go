package backendtest

import (
	"testing"

	"github.com/secretchain/secrets"
)

// RunWrapped holds to the suite what wrap makes of another backend: it is Run with a Fake inside.
func RunWrapped[B secrets.Backend](t *testing.T, wrap func(inner secrets.Backend) B) {
	t.Helper()
	Run(t, Harness{
		Make: func(_ *testing.T, content Content) secrets.Backend { return wrap(NewFake(content)) },
		Fail: func(_ *testing.T, class error) secrets.Backend {
			f := NewFake(Content{})
			f.Fail(class)
			return wrap(f)
		},
		Stall: func(*testing.T) secrets.Backend {
			f := NewFake(Content{})
			f.Stall(true)
			return wrap(f)
		},
	})
}
