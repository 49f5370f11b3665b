package audit

import (
	"context"
	"net/http"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/gcptest"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/secretsmanager"
	"github.com/secretchain/secrets/ssm"
	"github.com/secretchain/secrets/vault"
)

// planted is the text that must never show.
const planted = "pLanted5ecret"

// texts is what a store holds: one connection and one variable, under their usual names.
type texts struct{ connection, variable string }

// front stands before a store's own server; nil is no front.
type front func(http.Handler) http.Handler

func (f front) around(h http.Handler) http.Handler {
	if f == nil {
		return h
	}
	return f(h)
}

// httpStores opens every store that speaks HTTP, through its vendor's client, over a server that speaks its protocol.
var httpStores = map[string]func(t testing.TB, holds texts, f front) secrets.Backend{
	"ssm": func(t testing.TB, holds texts, f front) secrets.Backend {
		wire := awswire.New()
		wire.SetParameter("/airflow/connections/db", "SecureString", holds.connection)
		wire.SetParameter("/airflow/variables/key", "SecureString", holds.variable)
		b, err := ssm.New(awsssm.NewFromConfig(awswire.Config(serve(t, f.around(wire)))), nil)
		require.NoError(t, err)
		return b
	},
	"secretsmanager": func(t testing.TB, holds texts, f front) secrets.Backend {
		wire := awswire.New()
		wire.SetSecret("airflow/connections/db", holds.connection)
		wire.SetSecret("airflow/variables/key", holds.variable)
		b, err := secretsmanager.New(awssecrets.NewFromConfig(awswire.Config(serve(t, f.around(wire)))), nil)
		require.NoError(t, err)
		return b
	},
	"vault": func(t testing.TB, holds texts, f front) secrets.Backend {
		wire := vaultwire.New(2)
		wire.Put("secret/connections/db", map[string]string{"conn_uri": holds.connection})
		wire.Put("secret/variables/key", map[string]string{"value": holds.variable})
		wire.Accept("s.token")
		b, err := vault.Open(t.Context(), &vault.Options{Address: serve(t, f.around(wire)), Retries: -1,
			Login: vault.Token{Token: secrets.NewSecret("s.token")}})
		require.NoError(t, err)
		return b
	},
	"azurekv": func(t testing.TB, holds texts, f front) secrets.Backend {
		wire := azuretest.NewBehind(f)
		wiretest.CloseAtEnd(t, wire.Server)
		wire.Set("airflow-connections-db", holds.connection)
		wire.Set("airflow-variables-key", holds.variable)
		b, err := azurekv.Open(t.Context(), &azurekv.Options{
			VaultURL: wire.URL, DisableInstanceDiscovery: true,
			TenantID: azuretest.Tenant, ClientID: azuretest.ClientID, ClientSecret: secrets.NewSecret(azuretest.ClientSecret),
			ClientOptions: azsecrets.ClientOptions{
				ClientOptions: azcore.ClientOptions{
					Transport: wire.Client(),
					Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: wire.URL},
					Retry:     policy.RetryOptions{MaxRetries: 1, RetryDelay: time.Millisecond, MaxRetryDelay: time.Millisecond},
				},
				DisableChallengeResourceVerification: true,
			},
		})
		require.NoError(t, err)
		return b
	},
}

// serve serves h for the length of the test.
func serve(t testing.TB, h http.Handler) string { return wiretest.Serve(t, h).URL }

// google opens Google's store over a server that fails every call with failure, if that is not nil.
func google(t testing.TB, holds texts, failure error) secrets.Backend {
	wire := &gcptest.Server{Project: "my-project"}
	wire.Set("airflow-connections-db", holds.connection)
	wire.Set("airflow-variables-key", holds.variable)
	wire.Fail(failure)
	address, stop, err := wire.Serve()
	require.NoError(t, err)
	t.Cleanup(stop)
	return googleAt(t, address)
}

func googleAt(t testing.TB, address string) secrets.Backend {
	client, err := secretmanager.NewClient(context.Background(), option.WithEndpoint(address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	b, err := gcpsm.New(client, &gcpsm.Options{Project: "my-project", Timeout: 2 * time.Second})
	require.NoError(t, err)
	return b
}

// closed closes a backend at the end of the test.
func closed(t testing.TB, b secrets.Backend) secrets.Backend {
	if c, ok := b.(interface{ Close() error }); ok {
		t.Cleanup(func() { _ = c.Close() })
	}
	return b
}
