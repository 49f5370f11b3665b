package azure_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No test leaves a goroutine or a connection behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
