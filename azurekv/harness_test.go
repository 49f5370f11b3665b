package azurekv_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// planted is part of everything that must never show.
const planted = "pLanted5ecret"

func TestMain(m *testing.M) { leaktest.Main(m) }

func newServer(t testing.TB) *azuretest.Server {
	t.Helper()
	return newServerBehind(t, nil)
}

func newServerBehind(t testing.TB, wrap func(http.Handler) http.Handler) *azuretest.Server {
	t.Helper()
	s := azuretest.NewBehind(wrap)
	wiretest.CloseAtEnd(t, s.Server)
	return s
}

// clientOptions trust s, which is no vault of Microsoft's, and try again at once.
func clientOptions(s *azuretest.Server) azsecrets.ClientOptions {
	return azsecrets.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: &http.Client{Transport: transport(s)},
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.URL},
			Retry:     policy.RetryOptions{RetryDelay: time.Millisecond, MaxRetryDelay: 20 * time.Millisecond},
		},
		DisableChallengeResourceVerification: true,
	}
}

// transport opens few connections and keeps them: handshakes are most of the tests' time otherwise.
func transport(s *azuretest.Server) *http.Transport {
	t := s.Client().Transport.(*http.Transport)
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = 16, 16
	return t
}

// options log in with the client secret that s knows.
func options(s *azuretest.Server) *azurekv.Options {
	return &azurekv.Options{
		VaultURL: s.URL, ClientOptions: clientOptions(s), DisableInstanceDiscovery: true,
		TenantID: azuretest.Tenant, ClientID: azuretest.ClientID, ClientSecret: secrets.NewSecret(azuretest.ClientSecret),
	}
}

func open(t testing.TB, o *azurekv.Options) *azurekv.Backend {
	t.Helper()
	b, err := azurekv.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func store(t testing.TB, s *azuretest.Server) *azurekv.Backend {
	t.Helper()
	return open(t, options(s))
}
