package azurekv_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counted is a connection that counts while it is open.
type counted struct {
	net.Conn
	open *atomic.Int64
	once atomic.Bool
}

func (c *counted) Close() error {
	if !c.once.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// The client that Open makes is like the program's default one, which is exchanged here for one that trusts the server
// and counts; no other test runs beside this one.
func TestCloseLeavesNoConnection(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-hello", "world")
	var kept atomic.Int64
	own := s.Client().Transport.(*http.Transport).Clone()
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		kept.Add(1)
		return &counted{Conn: c, open: &kept}, nil
	}
	usual := http.DefaultTransport
	http.DefaultTransport = own
	t.Cleanup(func() { http.DefaultTransport = usual })

	o := options(s)
	o.ClientOptions.Transport = nil
	b := open(t, o)
	_, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	require.NotZero(t, kept.Load(), "one is kept for the next call")
	require.NoError(t, b.Close())
	assert.Zero(t, kept.Load())
}
