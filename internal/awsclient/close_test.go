package awsclient_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
)

func TestCloseLeavesNoConnection(t *testing.T) {
	awstest.NoEnvironment(t)
	wire := awswire.New()
	wire.SetParameter("/p", "SecureString", "value")
	server, connections := wiretest.ServeCounted(t, wire)
	c := newClient(awstest.Arguments(server.URL))
	require.NoError(t, getWith(t.Context(), c))
	require.NotZero(t, connections.Open(), "one is kept for the next call")
	require.NoError(t, c.Close())
	connections.AwaitNone(t)
	require.ErrorIs(t, getWith(t.Context(), c), secrets.ErrClosed)
}

// A Client that was never asked for makes none after Close, and that of a caller is not handed out any more.
func TestClosedClientIsNotHandedOut(t *testing.T) {
	unused := newClient(awstest.Arguments("http://" + wiretest.ClosedPort(t)))
	require.NoError(t, unused.Close())
	require.ErrorIs(t, getWith(t.Context(), unused), secrets.ErrClosed)

	theirs, err := awsclient.Of("a client", awsclient.Options{}, "ssm")
	require.NoError(t, err)
	require.NoError(t, theirs.Close())
	_, err = theirs.Get(t.Context())
	require.ErrorIs(t, err, secrets.ErrClosed)
}
