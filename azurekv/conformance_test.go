package azurekv_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// storable leaves underscores out: such a name is stored, under a name that it shares.
var storable = regexp.MustCompile(`^[A-Za-z0-9-]{1,100}$`)

func harness(open func(t *testing.T, s *azuretest.Server) secrets.Backend) backendtest.Harness {
	return backendtest.Harness{
		Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
			s := newServer(t)
			for name, text := range content.Named("airflow-connections-", "airflow-variables-", "airflow-config-") {
				s.Set(strings.ReplaceAll(name, "_", "-"), text)
			}
			return open(t, s)
		},
		Fail: func(t *testing.T, class error) secrets.Backend {
			s := newServer(t)
			status := http.StatusInternalServerError
			if class == secrets.ErrDenied {
				status = http.StatusForbidden
			}
			s.Answer(func(w http.ResponseWriter, _ *http.Request) { azuretest.Fail(w, status, "Failed", "", planted) })
			return open(t, s)
		},
		Stall: func(t *testing.T) secrets.Backend {
			s := newServer(t)
			s.Answer(wiretest.Silence)
			return open(t, s)
		},
		Holds:         func(_ secrets.Kind, id string) bool { return storable.MatchString(id) },
		OneConnection: true,
	}
}

// With a client secret, through the challenge and the login service.
func TestConformance(t *testing.T) {
	backendtest.Run(t, harness(func(t *testing.T, s *azuretest.Server) secrets.Backend { return store(t, s) }))
}

// With what the environment says of an application: Airflow's default credential.
func TestConformanceWithDefaultCredential(t *testing.T) {
	backendtest.Run(t, harness(func(t *testing.T, s *azuretest.Server) secrets.Backend {
		t.Setenv("AZURE_TENANT_ID", azuretest.Tenant)
		t.Setenv("AZURE_CLIENT_ID", azuretest.ClientID)
		t.Setenv("AZURE_CLIENT_SECRET", azuretest.ClientSecret)
		t.Setenv("AZURE_AUTHORITY_HOST", s.URL)
		o := options(s)
		o.TenantID, o.ClientID, o.ClientSecret = "", "", secrets.Secret{}
		o.ClientOptions.Cloud.ActiveDirectoryAuthorityHost = ""
		b, err := azurekv.Open(t.Context(), o)
		require.NoError(t, err)
		return b
	}))
}
