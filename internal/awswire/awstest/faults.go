package awstest

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/wiretest"
)

// NothingIsLost has 100 goroutines look 10 000 names up, absent ones among them, at a server that spoils one answer in
// twenty. The SDK's own retries, ten attempts here, must hide all of it. Fill puts variable "name-<i>" with the value i
// into the server; open makes the store.
func NothingIsLost(t *testing.T, fill func(wire *awswire.Server, key, value string), open func(cfg aws.Config) (secrets.Backend, error)) {
	const goroutines, each, names = 100, 100, 500
	wire := awswire.New()
	for i := range names {
		fill(wire, "name-"+strconv.Itoa(i), "value "+strconv.Itoa(i))
	}
	faults := &wiretest.Faults{Handler: wire, Throttle: func(w http.ResponseWriter, _ *http.Request) {
		awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"})
	}}
	server := wiretest.Serve(t, faults)
	cfg := awswire.Config(server.URL)
	cfg.Retryer = func() aws.Retryer { return awswire.Retryer(10) }
	// A connection for every goroutine, so that what is lost is lost by a fault and not by a port that ran out.
	transport := &http.Transport{MaxIdleConnsPerHost: goroutines}
	t.Cleanup(transport.CloseIdleConnections)
	cfg.HTTPClient = &http.Client{Transport: transport, Timeout: time.Minute}
	b, err := open(cfg)
	require.NoError(t, err)

	lost := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range each {
				i := (g*each + n) % (2 * names) // the second half is absent
				value, err := b.GetVariable(t.Context(), "name-"+strconv.Itoa(i))
				switch {
				case i < names && (err != nil || value != "value "+strconv.Itoa(i)):
					lost[g] = fmt.Errorf("name-%d is lost: %w", i, err)
				case i >= names && secrets.ClassOf(err) != secrets.ErrNotFound:
					lost[g] = fmt.Errorf("name-%d was never there: %w", i, err)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range lost {
		assert.NoError(t, err)
	}
	requests := faults.Requests.Load()
	spoilt := faults.Throttled.Load() + faults.Reset.Load() + faults.Slowed.Load()
	t.Logf("%d requests: %d throttled, %d reset, %d late", requests, faults.Throttled.Load(), faults.Reset.Load(), faults.Slowed.Load())
	assert.Equal(t, requests/20, spoilt)
	// Every request that was throttled or reset was sent again, and nothing else was.
	assert.Equal(t, goroutines*each+faults.Throttled.Load()+faults.Reset.Load(), requests)
}
