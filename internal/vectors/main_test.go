package vectors

import (
	"testing"

	"github.com/secretchain/secrets/internal/leaktest"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
