package ssm_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/ssm"
)

// wireBackend returns a backend on a fresh server.
func wireBackend(t testing.TB, opts *ssm.Options) (*ssm.Backend, *awswire.Server) {
	t.Helper()
	wire := awswire.New()
	return backendOn(t, wire, opts), wire
}

func backendOn(t testing.TB, handler http.Handler, opts *ssm.Options) *ssm.Backend {
	t.Helper()
	server := wiretest.Serve(t, handler)
	b, err := ssm.New(sdk.NewFromConfig(awswire.Config(server.URL)), opts)
	require.NoError(t, err)
	return b
}

func open(arguments awsclient.Options) (secrets.Backend, error) {
	return ssm.Open(context.Background(), &ssm.Options{AWS: arguments})
}

// fill puts content into a store over the wire: the same for the in-process server and for moto.
func fill(t *testing.T, client *sdk.Client, content backendtest.Content) {
	t.Helper()
	for name, text := range content.Named("/airflow/connections/", "/airflow/variables/", "/airflow/config/") {
		// Overwrite, for the SDK puts again where the answer to the first try was lost.
		_, err := client.PutParameter(t.Context(), &sdk.PutParameterInput{Name: &name, Value: &text, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true)})
		require.NoError(t, err, name)
	}
}

// harness is what every peer shares.
func harness(newClient func(t *testing.T) *sdk.Client) backendtest.Harness {
	return backendtest.Harness{
		Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
			client := newClient(t)
			fill(t, client, content)
			b, err := ssm.New(client, nil)
			require.NoError(t, err)
			return b
		},
		Holds: func(_ secrets.Kind, id string) bool {
			b, err := ssm.New(&sdk.Client{}, nil)
			if err != nil {
				return false
			}
			_, ok := b.StoreName(secrets.KindVariable, id)
			return ok && !strings.Contains(id, "//") && !strings.HasPrefix(id, "/") && !strings.HasSuffix(id, "/")
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
			failure = awswire.Failure{Status: 500, Code: "InternalServerError"}
		}
		return backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { awswire.WriteFailure(w, failure) }), nil)
	}
	h.Stall = func(t *testing.T) secrets.Backend { return backendOn(t, http.HandlerFunc(wiretest.Silence), nil) }
	backendtest.Run(t, h)
}

func TestNames(t *testing.T) {
	awstest.Names(t, "ssm", func(kwargs json.RawMessage, cfg aws.Config) (secrets.Backend, error) {
		var opts ssm.Options
		if err := backend.DecodeKwargs(kwargs, &opts); err != nil {
			return nil, err
		}
		return ssm.New(sdk.NewFromConfig(cfg), &opts)
	})
}
