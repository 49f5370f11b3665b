package azurekv_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
	o := options(s)
	o.Timeout = time.Minute
	o.ClientOptions.Retry.MaxRetries = 20
	b := open(t, o)

	wiretest.NothingIsLost(t, b,
		func(id, text string) { s.Set("airflow-connections-"+id, text) },
		func(id, text string) { s.Set("airflow-variables-"+id, text) })
	assert.GreaterOrEqual(t, f.Requests.Load(), int64(wiretest.Lookups))
	assert.Positive(t, f.Throttled.Load())
	assert.Positive(t, f.Reset.Load())
	assert.Positive(t, f.Slowed.Load())
}
