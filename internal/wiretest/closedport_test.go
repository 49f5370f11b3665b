package wiretest

import (
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClosedPort(t *testing.T) {
	address := ClosedPort(t)
	for range 3 {
		_, err := net.Dial("tcp", address)
		require.Error(t, err, "nobody listens")
	}
	if runtime.GOOS == "linux" { // BSD lets those who name a port listen at one that is only connected
		_, err := net.Listen("tcp", address)
		require.Error(t, err, "and nobody else can")
	}
}
