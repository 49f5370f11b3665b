package gcpsm_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
)

// faults spoils one call in twenty: throttled, answered late, or its connection reset with every call on it.
type faults struct {
	calls, throttled, slowed, reset atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
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
	f.mu.Lock()
	conns := f.conns
	f.conns = nil
	f.mu.Unlock()
	for _, c := range conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
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
	f.conns = append(f.conns, c)
	f.mu.Unlock()
	return c, nil
}

// 10 000 lookups by 100 goroutines lose nothing, while one call in twenty goes wrong. The client's own policy tries
// again; only its pauses, of up to a minute, are shortened.
func TestLosesNothingAmongFaults(t *testing.T) {
	s, f := newServer(), new(faults)
	s.Set("airflow-connections-db", "mysql://host/db")
	s.Set("airflow-variables-hello", "world")
	c, err := secretmanager.NewClient(t.Context(), option.WithEndpoint(address(t, s, grpc.UnaryInterceptor(f.intercept))), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		option.WithGRPCDialOption(grpc.WithContextDialer(f.dial)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	c.CallOptions.AccessSecretVersion = append(c.CallOptions.AccessSecretVersion, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable, codes.ResourceExhausted}, gax.Backoff{Initial: time.Millisecond, Max: 20 * time.Millisecond})
	}))
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project, Timeout: time.Minute})
	require.NoError(t, err)

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
	assert.GreaterOrEqual(t, f.calls.Load(), int64(10_000))
	assert.Positive(t, f.throttled.Load())
	assert.Positive(t, f.slowed.Load())
	assert.Positive(t, f.reset.Load())
}

var _ gcpsm.Client = (*countingClient)(nil)

// countingClient counts the calls of a client of one's own, as New takes it.
type countingClient struct {
	*secretmanager.Client
	calls atomic.Int64
}

func (c *countingClient) AccessSecretVersion(ctx context.Context, req *secretmanagerpb.AccessSecretVersionRequest, opts ...gax.CallOption) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	c.calls.Add(1)
	return c.Client.AccessSecretVersion(ctx, req, opts...)
}
