package wiretest

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

// Lookups are how many NothingIsLost makes.
const Lookups = 10_000

// NothingIsLost has 100 goroutines make 10 000 lookups of b, whose server goes wrong now and then, and fails the test for
// each that does not have its own answer. It fills the store before, through connection and variable, which store a text
// under an id.
func NothingIsLost(t *testing.T, b secrets.Backend, connection, variable func(id, text string)) {
	t.Helper()
	const goroutines, names = 100, 50
	for i := range names {
		n := strconv.Itoa(i)
		connection("db-"+n, "mysql://host-"+n+"/db")
		variable("name-"+n, "value "+n)
	}
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range Lookups / goroutines {
				n := strconv.Itoa((g + i) % names)
				var ok bool
				var err error
				switch (g + i) % 3 {
				case 0:
					var conns []secrets.Connection
					conns, err = b.GetConnections(t.Context(), "db-"+n)
					ok = err == nil && conns[0].Host == "host-"+n
				case 1:
					var value string
					value, err = b.GetVariable(t.Context(), "name-"+n)
					ok = err == nil && value == "value "+n
				case 2:
					_, err = b.GetVariable(t.Context(), "absent-"+n)
					ok = secrets.ClassOf(err) == secrets.ErrNotFound
				}
				if !ok && wrong.Add(1) == 1 {
					t.Errorf("goroutine %d, lookup %d: not the answer, or %v", g, i, err)
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, wrong.Load())
}
