package fernet_test

import (
	"testing"

	"github.com/secretchain/secrets/internal/leaktest"
)

// No test leaves a goroutine or a connection behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
