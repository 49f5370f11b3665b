package wiretest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Serve serves h for the length of the test.
func Serve(t testing.TB, h http.Handler) *httptest.Server {
	server := httptest.NewServer(h)
	CloseAtEnd(t, server)
	return server
}

// CloseAtEnd closes server at the end of the test. Its own Close waits for every handler, without a bound: a handler that
// does not end would keep the test from telling that it failed.
func CloseAtEnd(t testing.TB, server *httptest.Server) {
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { server.Close(); close(closed) }()
		Await(t, closed, "the end of every handler of the test's server")
	})
}
