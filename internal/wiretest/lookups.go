package wiretest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

// Lookups are how many NothingIsLost makes.
const Lookups = 10_000

// NothingIsLost has 100 goroutines make 10 000 lookups of b, whose server goes wrong now and then, and fails the test for
// each that does not have its answer. The store holds the connection db, mysql://host/db, and the variable hello, world;
// it holds no variable absent.
func NothingIsLost(t *testing.T, b secrets.Backend) {
	t.Helper()
	const goroutines = 100
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range Lookups / goroutines {
				var ok bool
				var err error
				switch (g + i) % 3 {
				case 0:
					var conns []secrets.Connection
					conns, err = b.GetConnections(t.Context(), "db")
					ok = err == nil && conns[0].Host == "host" && conns[0].Schema == "db"
				case 1:
					var value string
					value, err = b.GetVariable(t.Context(), "hello")
					ok = err == nil && value == "world"
				case 2:
					_, err = b.GetVariable(t.Context(), "absent")
					ok = secrets.ClassOf(err) == secrets.ErrNotFound
				}
				if !ok && wrong.Add(1) == 1 {
					t.Errorf("goroutine %d, lookup %d: %v", g, i, err)
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, wrong.Load())
}
