package awsclient_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
}
