package backendtest_test

import (
	"testing"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestFakeIsABackend(t *testing.T) {
	backendtest.RunWrapped(t, func(fake secrets.Backend) secrets.Backend { return fake })
}
