package awstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/wiretest"
)

// Open makes two calls on one client of the SDK: the bare one, and the store's lookup of the same.
type Open func(cfg aws.Config) (bare, lookup func() error)

// Cost holds a lookup to one request and at most twelve allocations more than the bare call.
func Cost(t *testing.T, answer string, open Open) {
	client := &canned{text: answer}
	cfg := awswire.Config("http://127.0.0.1:1")
	cfg.HTTPClient = client
	bare, lookup := open(cfg)
	wiretest.Cost(t, func() int { return client.requests }, bare, lookup)
}

// CostOfOpen holds the client that a store's Open makes to the same, over loopback, beside the SDK's own client.
func CostOfOpen(t *testing.T, answer string, calls Open, open func(awsclient.Options) (secrets.Backend, error)) {
	var requests atomic.Int64
	server := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, answer)
	}))
	cfg := awswire.Config(server.URL)
	theirs := awshttp.NewBuildableClient()
	t.Cleanup(theirs.GetTransport().CloseIdleConnections)
	cfg.HTTPClient = theirs
	bare, _ := calls(cfg)
	b, err := open(Arguments(server.URL))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.(io.Closer).Close()) })
	wiretest.Cost(t, func() int { return int(requests.Load()) }, bare, func() error { _, err := b.GetVariable(t.Context(), "hello"); return err })
}

// canned answers every request at once, so that no server's allocations are counted.
type canned struct {
	text     string
	requests int
}

// Do answers.
func (c *canned) Do(r *http.Request) (*http.Response, error) {
	c.requests++
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.text)), Request: r}, nil
}

// Compare measures both calls over loopback in one run: a lookup may take 1.1 times the time of the bare call.
func Compare(b *testing.B, answer string, open Open) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	bare, lookup := open(awswire.Config(server.URL))
	for _, row := range []struct {
		name string
		call func() error
	}{{"sdk", bare}, {"lookup", lookup}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := row.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
