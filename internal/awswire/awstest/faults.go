package awstest

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/wiretest"
)

// NothingIsLost has 100 goroutines make 10 000 lookups at a server that spoils one answer in twenty. The SDK's own retries,
// ten attempts here, must hide all of it. Connection and variable put a text under an id into the server; open makes the
// store.
func NothingIsLost(t *testing.T, connection, variable func(wire *awswire.Server, id, text string), open func(cfg aws.Config) (secrets.Backend, error)) {
	wire := awswire.New()
	faults := &wiretest.Faults{Handler: wire, Throttle: func(w http.ResponseWriter, _ *http.Request) {
		awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"})
	}}
	server := wiretest.Serve(t, faults)
	cfg := awswire.Config(server.URL)
	cfg.Retryer = func() aws.Retryer { return awswire.Retryer(10) }
	// A connection for every goroutine, so that what is lost is lost by a fault and not by a port that ran out.
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	cfg.HTTPClient = &http.Client{Transport: transport, Timeout: time.Minute}
	b, err := open(cfg)
	require.NoError(t, err)

	wiretest.NothingIsLost(t, b,
		func(id, text string) { connection(wire, id, text) },
		func(id, text string) { variable(wire, id, text) })
	spoilt := faults.Throttled.Load() + faults.Reset.Load() + faults.Slowed.Load()
	requests := faults.Requests.Load()
	t.Logf("%d requests: %d throttled, %d reset, %d late", requests, faults.Throttled.Load(), faults.Reset.Load(), faults.Slowed.Load())
	assert.Equal(t, requests/20, spoilt)
	assert.GreaterOrEqual(t, requests, wiretest.Lookups+faults.Throttled.Load()+faults.Reset.Load(), "what was throttled or reset was sent again")
}
