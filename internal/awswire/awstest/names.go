package awstest

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/vectors"
)

type nameCase struct {
	Backend, Lookup, ID string
	Kwargs              json.RawMessage
}

// Names holds a store to its cases of names.json: what StoreName tells, and that the server is asked for that name, once,
// where the store can hold it, and not at all where it cannot.
func Names(t *testing.T, driver string, open func(kwargs json.RawMessage, cfg aws.Config) (secrets.Backend, error)) {
	vectors.Suite[nameCase]{
		File: "names.json",
		Only: func(c nameCase) bool { return c.Backend == driver },
		Got: func(t *testing.T, c nameCase) (any, error) {
			wire := awswire.New()
			server := httptest.NewServer(wire)
			t.Cleanup(server.Close)
			b, err := open(c.Kwargs, awswire.Config(server.URL))
			if err != nil {
				return nil, err
			}
			name, ok, err := lookUp(t, b, c.Lookup, c.ID)
			require.ErrorIs(t, err, secrets.ErrNotFound)
			if calls := wire.Calls(); ok {
				require.Len(t, calls, 1)
				require.Equal(t, []string{name}, calls[0].Names)
			} else {
				require.Empty(t, calls)
			}
			if name == "" {
				return nil, nil
			}
			return []string{name}, nil
		},
	}.Run(t)
}

func lookUp(t *testing.T, b secrets.Backend, kind, id string) (name string, ok bool, err error) {
	namer := b.(secrets.Namer)
	switch kind {
	case "connection":
		name, ok = namer.StoreName(secrets.KindConnection, id)
		_, err = b.GetConnections(t.Context(), id)
	case "variable":
		name, ok = namer.StoreName(secrets.KindVariable, id)
		_, err = b.GetVariable(t.Context(), id)
	case "config":
		name, ok = namer.StoreName(secrets.KindConfig, id)
		_, err = b.(secrets.ConfigGetter).GetConfig(t.Context(), id)
	default:
		t.Fatalf("unknown lookup %q", kind)
	}
	return name, ok, err
}
