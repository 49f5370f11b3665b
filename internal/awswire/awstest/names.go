package awstest

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/internal/wiretest"
)

// Names holds a store to its cases of names.json: what StoreName tells, and that the server is asked for that name, once,
// where the store can hold it, and not at all where it cannot.
func Names(t *testing.T, driver string, open func(kwargs json.RawMessage, cfg aws.Config) (secrets.Backend, error)) {
	vectors.Names(t, driver, func(t *testing.T, c vectors.NameCase) (string, error) {
		wire := awswire.New()
		server := wiretest.Serve(t, wire)
		b, err := open(c.Kwargs, awswire.Config(server.URL))
		if err != nil {
			return "", err
		}
		require.ErrorIs(t, lookUp(t, b, c.Kind(), c.ID), secrets.ErrNotFound)
		name, ok := b.(secrets.Namer).StoreName(c.Kind(), c.ID)
		if calls := wire.Calls(); ok {
			require.Len(t, calls, 1)
			require.Equal(t, []string{name}, calls[0].Names)
		} else {
			require.Empty(t, calls)
		}
		return name, nil
	})
}

func lookUp(t *testing.T, b secrets.Backend, kind secrets.Kind, id string) (err error) {
	switch kind {
	case secrets.KindConnection:
		_, err = b.GetConnections(t.Context(), id)
	case secrets.KindVariable:
		_, err = b.GetVariable(t.Context(), id)
	case secrets.KindConfig:
		_, err = b.(secrets.ConfigGetter).GetConfig(t.Context(), id)
	default:
		t.Fatalf("unknown kind %v", kind)
	}
	return err
}
