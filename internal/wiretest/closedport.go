package wiretest

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// ClosedPort returns an address, host and port, at which nobody listens.
func ClosedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
