package wiretest

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClosedPort(t *testing.T) {
	address := ClosedPort(t)
	for range 3 {
		_, err := net.Dial("tcp", address)
		require.Error(t, err, "nobody listens")
	}
	_, err := net.Listen("tcp", address)
	require.Error(t, err, "and nobody else can")
}
