package wiretest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Connections counts the connections of a server that its clients keep open.
type Connections struct {
	mu      sync.Mutex
	open    int
	changed chan struct{} // closed at the next change
}

// ServeCounted is Serve for a server whose connections are counted.
func ServeCounted(t testing.TB, h http.Handler) (*httptest.Server, *Connections) {
	c := &Connections{changed: make(chan struct{})}
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.add(1)
		case http.StateClosed, http.StateHijacked:
			c.add(-1)
		}
	}
	server.Start()
	CloseAtEnd(t, server)
	return server, c
}

func (c *Connections) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	close(c.changed)
	c.changed = make(chan struct{})
}

// Open tells how many there are now.
func (c *Connections) Open() int {
	n, _ := c.state()
	return n
}

func (c *Connections) state() (open int, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open, c.changed
}

// AwaitNone fails the test if some stay open: the server learns a moment later that its client has closed one.
func (c *Connections) AwaitNone(t testing.TB) {
	t.Helper()
	late := time.NewTimer(longest)
	defer late.Stop()
	for {
		open, changed := c.state()
		if open == 0 {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			require.FailNowf(t, "connections are left", "%d of them", open)
		}
	}
}
