package awstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/awswire"
)

// Open makes two calls on one client of the SDK: the bare one, and the store's lookup of the same.
type Open func(cfg aws.Config) (bare, lookup func() error)

// Cost holds a lookup to one request and at most twelve allocations more than the bare call.
func Cost(t *testing.T, answer string, open Open) {
	client := &canned{text: answer}
	cfg := awswire.Config("http://127.0.0.1:1")
	cfg.HTTPClient = client
	bare, lookup := open(cfg)
	const runs = 500
	measure := func(call func() error) float64 {
		client.requests = 0
		allocations := testing.AllocsPerRun(runs, func() {
			if err := call(); err != nil {
				t.Error(err)
			}
		})
		require.Equal(t, runs+1, client.requests, "one request a call")
		return allocations
	}
	floor, ours := measure(bare), measure(lookup)
	t.Logf("allocations: %.0f by the SDK's call, %.0f by a lookup", floor, ours)
	require.LessOrEqual(t, ours, floor+12)
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
