package gcpsm_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/gcptest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// Every row of the package comment's table, through Google's own client. Says is part of the error's text.
func TestErrors(t *testing.T) {
	answer := func(code codes.Code) func(*testing.T, *gcptest.Server) *gcpsm.Backend {
		return func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			s.Fail(status.Error(code, "service text "+planted))
			return tryingOnce(t, address(t, s))
		}
	}
	state := func(state secretmanagerpb.SecretVersion_State) func(*testing.T, *gcptest.Server) *gcpsm.Backend {
		return func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			s.SetState("airflow-variables-hello", state)
			return store(t, s)
		}
	}
	wrong := func(spoil func(*secretmanagerpb.AccessSecretVersionResponse)) func(*testing.T, *gcptest.Server) *gcpsm.Backend {
		return func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			s.Wrong = spoil
			return store(t, s)
		}
	}
	for name, c := range map[string]struct {
		make  func(t *testing.T, s *gcptest.Server) *gcpsm.Backend
		class error
		says  string
	}{
		"absent":              {answer(codes.NotFound), secrets.ErrNotFound, "not found"},
		"denied":              {answer(codes.PermissionDenied), secrets.ErrDenied, "roles/secretmanager.secretAccessor on project my-project"},
		"expired credentials": {answer(codes.Unauthenticated), secrets.ErrDenied, "does not accept the credentials"},
		"disabled version":    {state(secretmanagerpb.SecretVersion_DISABLED), secrets.ErrDenied, "disabled or destroyed"},
		"destroyed version":   {state(secretmanagerpb.SecretVersion_DESTROYED), secrets.ErrDenied, "disabled or destroyed"},
		"throttled":           {answer(codes.ResourceExhausted), secrets.ErrUnavailable, "over the quota of project my-project"},
		"unavailable":         {answer(codes.Unavailable), secrets.ErrUnavailable, "cannot be reached"},
		"internal":            {answer(codes.Internal), secrets.ErrUnavailable, "code Internal"},
		"invalid":             {answer(codes.InvalidArgument), secrets.ErrUnavailable, "check the project id my-project"},
		"server's deadline":   {answer(codes.DeadlineExceeded), secrets.ErrUnavailable, "no answer in time"},
		"any other code":      {answer(codes.DataLoss), secrets.ErrUnavailable, "code DataLoss"},
		"reason in capitals": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			st, err := status.New(codes.PermissionDenied, planted).WithDetails(&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED"})
			require.NoError(t, err)
			s.Fail(st.Err())
			return store(t, s)
		}, secrets.ErrDenied, "(SERVICE_DISABLED)"},
		"reason in other letters": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			st, err := status.New(codes.PermissionDenied, "").WithDetails(&errdetails.ErrorInfo{Reason: planted})
			require.NoError(t, err)
			s.Fail(st.Err())
			return store(t, s)
		}, secrets.ErrDenied, "denied: grant"},
		"no answer in time": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			b, err := gcpsm.New(client(t, address(t, s, stalled())), &gcpsm.Options{Project: s.Project, Timeout: 50 * time.Millisecond})
			require.NoError(t, err)
			return b
		}, secrets.ErrUnavailable, "no answer in time"},
		"refused connection": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			return tryingOnce(t, wiretest.ClosedPort(t))
		}, secrets.ErrUnavailable, "connection refused"},
		"untrusted certificate": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			return tryingOnce(t, address(t, s, secure()), grpc.WithTransportCredentials(credentials.NewTLS(nil)))
		}, secrets.ErrUnavailable, "unknown authority"},
		"no TLS": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			return tryingOnce(t, address(t, s), grpc.WithTransportCredentials(credentials.NewTLS(nil)))
		}, secrets.ErrUnavailable, "TLS"},
		"wrong checksum": {wrong(func(r *secretmanagerpb.AccessSecretVersionResponse) { r.Payload.Data = append(r.Payload.Data, 'x') }),
			secrets.ErrMalformed, "checksum"},
		"no payload": {wrong(func(r *secretmanagerpb.AccessSecretVersionResponse) { r.Payload = nil }), secrets.ErrMalformed, "no payload"},
		"not UTF-8": {wrong(func(r *secretmanagerpb.AccessSecretVersionResponse) {
			r.Payload = &secretmanagerpb.SecretPayload{Data: []byte(planted + "\xff")}
		}), secrets.ErrMalformed, "UTF-8"},
		"more than 4 MiB": {wrong(func(r *secretmanagerpb.AccessSecretVersionResponse) {
			r.Payload = &secretmanagerpb.SecretPayload{Data: []byte(strings.Repeat(planted, backend.MaxText/len(planted)+1))}
		}), secrets.ErrMalformed, "bytes"},
		"much more than 4 MiB": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			s.Set("airflow-variables-hello", strings.Repeat(planted, backend.MaxText/len(planted)*2))
			return opened(t, s)
		}, secrets.ErrMalformed, "larger than any secret"},
		"closed": {func(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
			b := store(t, s)
			require.NoError(t, b.Close())
			return b
		}, secrets.ErrClosed, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			s.Set("airflow-variables-hello", "world "+planted)
			b := c.make(t, s)
			t.Cleanup(func() { _ = b.Close() })
			value, err := b.GetVariable(t.Context(), "hello")
			require.Error(t, err)
			require.Empty(t, value)
			assert.ErrorIs(t, err, c.class)
			assert.Equal(t, c.class, secrets.ClassOf(err))
			assert.Contains(t, err.Error(), c.says)
			assert.Contains(t, err.Error(), `"hello" (projects/my-project/secrets/airflow-variables-hello/versions/latest): `)
			backendtest.NoLeak(t, planted, err, b)
		})
	}
}

// throttled is a client whose every attempt is throttled, with the policy of Google's own: pauses of seconds.
type throttled struct{ attempts int }

func (c *throttled) AccessSecretVersion(ctx context.Context, _ *secretmanagerpb.AccessSecretVersionRequest, opts ...gax.CallOption) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	policy := gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable, codes.ResourceExhausted}, gax.Backoff{Initial: 2 * time.Second, Max: time.Minute, Multiplier: 2})
	})
	return nil, gax.Invoke(ctx, func(context.Context, gax.CallSettings) error {
		c.attempts++
		return status.Error(codes.ResourceExhausted, planted)
	}, append([]gax.CallOption{policy}, opts...)...)
}

func (*throttled) ListSecrets(context.Context, *secretmanagerpb.ListSecretsRequest, ...gax.CallOption) *secretmanager.SecretIterator {
	return nil
}

// A call that Google's client tries again ends with the caller's context, and that is the caller's error. A call whose
// context has no deadline ends by itself, and tells what the last attempt failed with.
func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &throttled{}
		b, err := gcpsm.New(c, &gcpsm.Options{Project: "my-project"})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = b.GetVariable(ctx, "hello")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, secrets.ErrNotFound)
		require.Greater(t, c.attempts, 1)

		start := time.Now()
		_, err = b.GetVariable(t.Context(), "hello")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		require.ErrorContains(t, err, "over the quota of project my-project")
		require.Equal(t, 30*time.Second, time.Since(start))
		backendtest.NoLeak(t, planted, err)
	})
}

// An answer that is too large would be so again, and throttling has the same code: only the latter is tried again.
func TestTooLargeIsNotTriedAgain(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-large", strings.Repeat("x", backend.MaxText+1<<20))
	_, err := opened(t, s).GetVariable(t.Context(), "large")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	require.Len(t, s.Calls(), 1)
}

func TestCheck(t *testing.T) {
	s := newServer()
	b := store(t, s)
	require.NoError(t, b.Check(t.Context()), "the secret that Check asks for need not exist")
	require.Equal(t, []string{"name=projects%2Fmy-project%2Fsecrets%2Fairflow-connections-secretchain-check%2Fversions%2Flatest"}, s.Calls())

	s.Set("airflow-connections-secretchain-check", planted)
	require.NoError(t, b.Check(t.Context()))
	s.Fail(status.Error(codes.PermissionDenied, planted))
	err := b.Check(t.Context())
	assert.ErrorIs(t, err, secrets.ErrDenied)
	backendtest.NoLeak(t, planted, err)
	s.Fail(outage)
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrUnavailable)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, b.Check(ctx), context.Canceled)
}

// A server that gives a page again would go on for ever.
func TestListThatDoesNotEnd(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-a", planted)
	b := store(t, s, grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		resp, err := next(ctx, req)
		if page, ok := resp.(*secretmanagerpb.ListSecretsResponse); ok {
			page.NextPageToken = "0"
		}
		return resp, err
	}))
	_, err := b.List(t.Context(), secrets.KindVariable)
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, "a page of its list again")
	assert.Len(t, s.Calls(), 2)
}

func TestListPages(t *testing.T) {
	s := newServer()
	for i := range 2500 {
		s.Set("airflow-variables-v"+strings.Repeat("i", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), planted)
	}
	s.Set("other", planted)
	b := store(t, s)
	keys, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Len(t, keys, 2500)
	assert.Len(t, s.Calls(), 3, "a thousand secrets a page")

	s.Fail(status.Error(codes.PermissionDenied, planted))
	_, err = b.List(t.Context(), secrets.KindVariable)
	assert.ErrorIs(t, err, secrets.ErrDenied)
	assert.Contains(t, err.Error(), "roles/secretmanager.viewer")
	s.Fail(status.Error(codes.NotFound, planted))
	_, err = b.List(t.Context(), secrets.KindVariable)
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "a project that is not there is no empty list")
	backendtest.NoLeak(t, planted, err)
}
