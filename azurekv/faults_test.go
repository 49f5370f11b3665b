package azurekv_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/wiretest"
)

// 10 000 lookups by 100 goroutines lose nothing, while one request in twenty goes wrong. The client's own policy tries
// again; only its pauses are shortened, and it tries more often, so that no lookup has bad luck too often.
func TestLosesNothingAmongFaults(t *testing.T) {
	f := &wiretest.Faults{Throttle: answer(429, "Throttled", "")}
	s := newServerBehind(t, func(vault http.Handler) http.Handler {
		f.Handler = vault
		return f
	})
	s.Set("airflow-connections-db", "mysql://host/db")
	s.Set("airflow-variables-hello", "world")
	o := options(s)
	o.Timeout = time.Minute
	o.ClientOptions.Retry.MaxRetries = 20
	b := open(t, o)

	var wrong atomic.Int64
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			for i := range 100 {
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
	assert.GreaterOrEqual(t, f.Requests.Load(), int64(10_000))
	assert.Positive(t, f.Throttled.Load())
	assert.Positive(t, f.Reset.Load())
	assert.Positive(t, f.Slowed.Load())
}
