package secretsmanager_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/secretsmanager"
)

// wireBackend returns a backend on a fresh server.
func wireBackend(t testing.TB, opts *secretsmanager.Options) (*secretsmanager.Backend, *awswire.Server) {
	t.Helper()
	wire := awswire.New()
	return backendOn(t, wire, opts), wire
}

func backendOn(t testing.TB, handler http.Handler, opts *secretsmanager.Options) *secretsmanager.Backend {
	t.Helper()
	server := wiretest.Serve(t, handler)
	b, err := secretsmanager.New(sdk.NewFromConfig(awswire.Config(server.URL)), opts)
	require.NoError(t, err)
	return b
}

func open(arguments awsclient.Options) (secrets.Backend, error) {
	return secretsmanager.Open(context.Background(), &secretsmanager.Options{AWS: arguments})
}

// fill puts content into a store over the wire: the same for the in-process server and for moto.
func fill(t *testing.T, client *sdk.Client, content backendtest.Content) {
	t.Helper()
	for name, text := range content.Named("airflow/connections/", "airflow/variables/", "airflow/config/") {
		_, err := client.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: &name, SecretString: &text})
		requireCreated(t, err)
	}
}

// requireCreated takes a new secret that is there already for created: the SDK tries again where an answer was lost.
func requireCreated(t *testing.T, err error) {
	t.Helper()
	var exists *types.ResourceExistsException
	if !errors.As(err, &exists) {
		require.NoError(t, err)
	}
}

// harness is what every peer shares.
func harness(newClient func(t *testing.T) *sdk.Client) backendtest.Harness {
	return backendtest.Harness{
		Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
			client := newClient(t)
			fill(t, client, content)
			b, err := secretsmanager.New(client, nil)
			require.NoError(t, err)
			return b
		},
		Holds: func(_ secrets.Kind, id string) bool {
			b, err := secretsmanager.New(&sdk.Client{}, nil)
			if err != nil {
				return false
			}
			_, ok := b.StoreName(secrets.KindVariable, id)
			return ok
		},
		OneConnection: true,
		NoBlanks:      true,
	}
}

func TestConformance(t *testing.T) {
	h := harness(func(t *testing.T) *sdk.Client {
		server := wiretest.Serve(t, awswire.New())
		return sdk.NewFromConfig(awswire.Config(server.URL))
	})
	h.Fail = func(t *testing.T, class error) secrets.Backend {
		failure := awswire.Failure{Status: 400, Code: "AccessDeniedException"}
		if errors.Is(class, secrets.ErrUnavailable) {
			failure = awswire.Failure{Status: 500, Code: "InternalServiceError"}
		}
		return backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { awswire.WriteFailure(w, failure) }), nil)
	}
	h.Stall = func(t *testing.T) secrets.Backend { return backendOn(t, http.HandlerFunc(wiretest.Silence), nil) }
	backendtest.Run(t, h)
}

func TestNames(t *testing.T) {
	awstest.Names(t, "secretsmanager", func(kwargs json.RawMessage, cfg aws.Config) (secrets.Backend, error) {
		var opts secretsmanager.Options
		if err := backend.DecodeKwargs(kwargs, &opts); err != nil {
			return nil, err
		}
		return secretsmanager.New(sdk.NewFromConfig(cfg), &opts)
	})
}

type valueCase struct {
	Kwargs json.RawMessage
	Secret string
}

// The secret is stored under the name that would be asked for; a skipped lookup is not found.
func TestValues(t *testing.T) {
	vectors.Suite[valueCase]{
		File: "aws_secret_values.json",
		Same: vectors.SameFields,
		Got: func(t *testing.T, c valueCase) (any, error) {
			var opts secretsmanager.Options
			if err := backend.DecodeKwargs(c.Kwargs, &opts); err != nil {
				return nil, err
			}
			wire := awswire.New()
			server := wiretest.Serve(t, wire)
			b, err := secretsmanager.New(sdk.NewFromConfig(awswire.Config(server.URL)), &opts)
			if err != nil {
				return nil, err
			}
			if name, ok := b.StoreName(secrets.KindConnection, "c"); ok {
				wire.SetSecret(name, c.Secret)
			}
			conns, err := b.GetConnections(t.Context(), "c")
			if errors.Is(err, secrets.ErrNotFound) {
				return nil, nil
			}
			if err != nil {
				require.ErrorIs(t, err, secrets.ErrMalformed)
				return nil, err
			}
			require.Len(t, conns, 1)
			require.Equal(t, "c", conns[0].ID)
			return vectors.Fields(conns[0]), nil
		},
	}.Run(t)
}
