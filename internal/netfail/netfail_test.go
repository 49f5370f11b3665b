package netfail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/wiretest"
)

// Each cause is had from the standard library itself, not from a text that this test remembers.
func TestWhy(t *testing.T) {
	plain := wiretest.Serve(t, http.HandlerFunc(wiretest.ResetConnection))
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	wiretest.CloseAtEnd(t, secure)
	other := secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	other.ServerName = "other.example.org"

	for name, c := range map[string]struct {
		url    string
		config *tls.Config
		ctx    func(context.Context) (context.Context, context.CancelFunc)
		want   string
	}{
		"refused":       {url: "http://" + wiretest.ClosedPort(t), want: "connection refused"},
		"unknown CA":    {url: secure.URL, config: &tls.Config{RootCAs: x509.NewCertPool()}, want: "unknown authority"},
		"another host":  {url: secure.URL, config: other, want: "another host"},
		"no TLS":        {url: strings.Replace(plain.URL, "http:", "https:", 1), want: "TLS"},
		"reset":         {url: plain.URL, want: "connection reset"},
		"ended context": {url: plain.URL, ctx: expired, want: "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if c.ctx != nil {
				var cancel context.CancelFunc
				ctx, cancel = c.ctx(ctx)
				defer cancel()
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: c.config}}
			defer client.CloseIdleConnections()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/pLanted5ecret", nil)
			require.NoError(t, err)
			_, err = client.Do(req)
			require.Error(t, err)
			assert.Contains(t, Why(err), c.want)
			assert.NotContains(t, Why(err), "pLanted5ecret")
			assert.NotContains(t, Why(err), "127.0.0.1")
		})
	}
}

func expired(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 0)
}

func TestWhyNot(t *testing.T) {
	assert.Empty(t, Why(nil))
	assert.Empty(t, Why(errors.New("invalid client secret pLanted5ecret")))
}

func TestAt(t *testing.T) {
	port := wiretest.ClosedPort(t)
	_, err := net.Dial("tcp", port)
	require.Error(t, err)
	assert.Equal(t, " at "+port, At(fmt.Errorf("wrapped: %w", err)))
	for _, other := range []error{nil, errors.New("pLanted5ecret"), &net.DNSError{Name: "pLanted5ecret"}, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "pLanted5ecret"}},
		&net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/pLanted5ecret", Net: "unix"}, Err: errors.New("refused")},
		&net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{}, Err: errors.New("reset")}} {
		assert.Empty(t, At(other))
	}
}

func TestWhyNotASocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system has other words there")
	}
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "pLanted5ecret"))
	require.Error(t, err)
	assert.Equal(t, "there is no such socket", Why(err))
}
