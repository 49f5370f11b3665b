package gcpsm_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/googleapis/gax-go/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/wiretest"
)

// faults spoils one call in twenty: throttled, answered late, or its connection reset with every call on it.
type faults struct {
	calls, throttled, slowed, reset atomic.Int64

	mu    sync.Mutex
	conns map[string]net.Conn // the client's, by its own address
}

func (f *faults) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	n := f.calls.Add(1)
	if n%20 != 0 {
		return next(ctx, req)
	}
	switch n / 20 % 3 {
	case 0:
		f.throttled.Add(1)
		return nil, status.Error(codes.ResourceExhausted, "quota")
	case 1:
		f.slowed.Add(1)
		late := time.NewTimer(10 * time.Millisecond)
		defer late.Stop()
		select {
		case <-late.C:
		case <-ctx.Done():
		}
		return next(ctx, req)
	}
	f.reset.Add(1)
	caller, _ := peer.FromContext(ctx)
	f.mu.Lock()
	conn := f.conns[caller.Addr.String()]
	f.mu.Unlock()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close then resets instead of saying goodbye
		_ = tcp.Close()
	}
	return nil, status.Error(codes.Unavailable, "reset")
}

// dial is the client's; the connection is what a reset closes.
func (f *faults) dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[c.LocalAddr().String()] = c
	return c, nil
}

// hurry shortens the pauses of the client's own policy, which are up to a minute long.
func hurry(c *secretmanager.Client) {
	c.CallOptions.AccessSecretVersion = append(c.CallOptions.AccessSecretVersion, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable, codes.ResourceExhausted}, gax.Backoff{Initial: time.Millisecond, Max: 20 * time.Millisecond})
	}))
}

// 10 000 lookups by 100 goroutines lose nothing, while one call in twenty goes wrong: the client's own policy tries
// again.
func TestLosesNothingAmongFaults(t *testing.T) {
	s, f := newServer(), &faults{conns: map[string]net.Conn{}}
	c := client(t, address(t, s, grpc.UnaryInterceptor(f.intercept)), grpc.WithContextDialer(f.dial), grpc.WithConnectParams(grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1.6, MaxDelay: 20 * time.Millisecond},
		MinConnectTimeout: 10 * time.Second,
	}))
	hurry(c)
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project, Timeout: time.Minute})
	require.NoError(t, err)

	wiretest.NothingIsLost(t, b,
		func(id, text string) { s.Set("airflow-connections-"+id, text) },
		func(id, text string) { s.Set("airflow-variables-"+id, text) })
	assert.GreaterOrEqual(t, f.calls.Load(), int64(wiretest.Lookups))
	assert.Positive(t, f.throttled.Load())
	assert.Positive(t, f.slowed.Load())
	assert.Positive(t, f.reset.Load())
}

// gRPC hands on the end of a stream without a status when a connection is reset at a bad moment: an outage, too.
func TestEndOfStreamIsAnOutage(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	left := 2
	ends := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if left--; left >= 0 {
			return io.EOF
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	})
	c := client(t, address(t, s), ends)
	hurry(c)
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)

	left, c.CallOptions.AccessSecretVersion = 1, nil
	_, err = b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	require.Contains(t, err.Error(), "connection closed without an answer")
}
