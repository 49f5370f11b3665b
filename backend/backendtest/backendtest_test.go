package backendtest_test

import (
	"testing"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestFakeIsABackend(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		Make: func(_ *testing.T, content backendtest.Content) secrets.Backend { return backendtest.NewFake(content) },
		Fail: func(_ *testing.T, class error) secrets.Backend {
			f := backendtest.NewFake(backendtest.Content{})
			f.Fail(class)
			return f
		},
		Stall: func(*testing.T) secrets.Backend {
			f := backendtest.NewFake(backendtest.Content{})
			f.Stall(true)
			return f
		},
	})
}
