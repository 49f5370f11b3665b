package gcpsm_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/gcptest"
	"github.com/secretchain/secrets/internal/leaktest"
)

// planted is part of everything that must never show.
const planted = "pLanted5ecret"

func TestMain(m *testing.M) { leaktest.Main(m) }

func newServer() *gcptest.Server { return &gcptest.Server{Project: "my-project"} }

// address serves s for the length of the test.
func address(t testing.TB, s *gcptest.Server, options ...grpc.ServerOption) string {
	t.Helper()
	a, stop, err := s.Serve(options...)
	require.NoError(t, err)
	t.Cleanup(stop)
	return a
}

// client is Google's own client of the server at address, in plain text and without credentials.
func client(t testing.TB, address string, more ...grpc.DialOption) *secretmanager.Client {
	t.Helper()
	options := []option.ClientOption{option.WithEndpoint(address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))}
	for _, o := range more {
		options = append(options, option.WithGRPCDialOption(o))
	}
	c, err := secretmanager.NewClient(context.Background(), options...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// store is a Backend over a client of s.
func store(t testing.TB, s *gcptest.Server, options ...grpc.ServerOption) *gcpsm.Backend {
	t.Helper()
	b, err := gcpsm.New(client(t, address(t, s, options...)), &gcpsm.Options{Project: s.Project})
	require.NoError(t, err)
	return b
}

// tryingOnce is a store whose client gives up after one attempt.
func tryingOnce(t testing.TB, address string, more ...grpc.DialOption) *gcpsm.Backend {
	t.Helper()
	c := client(t, address, more...)
	c.CallOptions.AccessSecretVersion = nil
	b, err := gcpsm.New(c, &gcpsm.Options{Project: newServer().Project})
	require.NoError(t, err)
	return b
}

// stalled never answers.
func stalled() grpc.ServerOption {
	return grpc.UnaryInterceptor(func(ctx context.Context, _ any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	})
}

// serverTLS is a certificate for 127.0.0.1 with the pool that trusts it, borrowed from the standard library.
var serverTLS = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates[0], pool
})

// secure has the server speak TLS.
func secure() grpc.ServerOption {
	cert, _ := serverTLS()
	return grpc.Creds(credentials.NewServerTLSFromCert(&cert))
}

// opened is a store as Open makes it: over TLS, with a key.
func opened(t *testing.T, s *gcptest.Server) *gcpsm.Backend {
	t.Helper()
	b, err := gcpsm.Open(t.Context(), &gcpsm.Options{Project: s.Project, Key: secrets.NewSecret(text(t, keyJSON(t))),
		ClientOptions: trusting(address(t, s, secure()))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// trusting are the client options for a secure server at address.
func trusting(address string) []option.ClientOption {
	_, pool := serverTLS()
	return []option.ClientOption{option.WithEndpoint(address),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool})))}
}

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// keyJSON is the key of a service account of project creds-project.
func keyJSON(t testing.TB) map[string]any {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key())
	require.NoError(t, err)
	return map[string]any{
		"type":           "service_account",
		"project_id":     "creds-project",
		"client_email":   "reader@creds-project.iam.gserviceaccount.com",
		"private_key_id": "1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	writeFile(t, path, content)
	return path
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// noDefaultCredentials hides those of the machine that runs the test, the metadata server included.
func noDefaultCredentials(t *testing.T) {
	t.Helper()
	for _, name := range []string{"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("APPDATA", t.TempDir())
}

var outage = status.Error(codes.Internal, "internal "+planted)
