package gcpsm_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/gcptest"
)

var storable = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// harness runs the suite over what open makes of a server.
func harness(open func(t *testing.T, s *gcptest.Server, options ...grpc.ServerOption) secrets.Backend) backendtest.Harness {
	return backendtest.Harness{
		Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
			s := newServer()
			for name, text := range content.Named("airflow-connections-", "airflow-variables-", "airflow-config-") {
				s.Set(name, text)
			}
			return open(t, s)
		},
		Fail: func(t *testing.T, class error) secrets.Backend {
			s := newServer()
			if class == secrets.ErrDenied {
				s.Fail(status.Error(codes.PermissionDenied, "no "+planted))
			} else {
				s.Fail(outage)
			}
			return open(t, s)
		},
		Stall:         func(t *testing.T) secrets.Backend { return open(t, newServer(), stalled()) },
		Holds:         func(_ secrets.Kind, id string) bool { return storable.MatchString(id) },
		OneConnection: true,
	}
}

func TestConformance(t *testing.T) {
	backendtest.Run(t, harness(func(t *testing.T, s *gcptest.Server, options ...grpc.ServerOption) secrets.Backend {
		return store(t, s, options...)
	}))
}

// Over TLS, with a service account's key file whose self-made tokens the server checks.
func TestConformanceWithKeyFile(t *testing.T) {
	backendtest.Run(t, harness(func(t *testing.T, s *gcptest.Server, options ...grpc.ServerOption) secrets.Backend {
		options = append(options, secure(), grpc.ChainUnaryInterceptor(checkToken))
		b, err := gcpsm.Open(t.Context(), &gcpsm.Options{
			Project: s.Project, KeyFile: file(t, text(t, keyJSON(t))),
			ClientOptions: trusting(address(t, s, options...)),
		})
		require.NoError(t, err)
		return b
	}))
}

// checkToken takes only tokens that the test's service account has signed for Google's default scope.
func checkToken(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	token, _ := strings.CutPrefix(strings.Join(md.Get("authorization"), ","), "Bearer ")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, "no signature")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&key().PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, status.Error(codes.Unauthenticated, "not signed by the account")
	}
	var claims struct{ Iss, Scope string }
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if json.Unmarshal(body, &claims) != nil || claims.Iss != "reader@creds-project.iam.gserviceaccount.com" ||
		claims.Scope != "https://www.googleapis.com/auth/cloud-platform" {
		return nil, status.Error(codes.Unauthenticated, "wrong claims")
	}
	return next(ctx, req)
}
