package wiretest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of 300 requests one in ten is spoilt: ten of each fault, whatever the order in which they arrive.
func TestFaultsSpoilAnExactShare(t *testing.T) {
	f := &Faults{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }),
		OneIn:   10,
		Late:    time.Millisecond,
	}
	server := Serve(t, f)
	client := server.Client()

	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 30 {
				outcome := "reset"
				// POST: the transport would send a GET again by itself.
				if resp, err := client.Post(server.URL, "text/plain", nil); err == nil {
					body, _ := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					outcome = resp.Status + " " + string(body)
				}
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()

	assert.Equal(t, map[string]int{"200 OK fine": 280, "429 Too Many Requests ": 10, "reset": 10}, outcomes)
	assert.EqualValues(t, 300, f.Requests.Load())
	assert.EqualValues(t, 10, f.Slowed.Load(), "late answers are answers")
}

func TestFaultsThrottleInTheStoresOwnWords(t *testing.T) {
	f := &Faults{
		Handler:  http.NotFoundHandler(),
		Throttle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		OneIn:    1,
	}
	f.Requests.Store(2) // the third request is the first to be throttled
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusTeapot, w.Code)
}

// A late answer does not outlive the client's patience.
func TestLateAnswersEndWithTheClient(t *testing.T) {
	f := &Faults{Handler: http.NotFoundHandler(), OneIn: 1, Late: time.Hour}
	f.Requests.Store(1)
	endsWithTheClient(t, f)
	assert.EqualValues(t, 1, f.Slowed.Load())
}

// Silence ends with the client too, also when the request has a body.
func TestSilence(t *testing.T) { endsWithTheClient(t, http.HandlerFunc(Silence)) }

// A client that goes on to send before it goes away hides its going from the HTTP server, which looks one byte ahead. So
// does every gRPC client that meets a server of HTTP/1: its first words are a request, and more follows.
func TestSilenceEndsWithAClientThatSendsMore(t *testing.T) {
	server, asked, done := watched(t, http.HandlerFunc(Silence))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\n")
	require.NoError(t, err)
	Await(t, asked, "the request")
	_, err = io.WriteString(conn, "SM\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	Await(t, done, "the silent handler's end after its client's")
}

// endsWithTheClient demands that h gives a request up that its client has given up.
func endsWithTheClient(t *testing.T, h http.Handler) {
	t.Helper()
	server, asked, done := watched(t, h)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	failed := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("a request with a body"))
		if err == nil {
			_, err = server.Client().Do(r)
		}
		failed <- err
	}()
	Await(t, asked, "the request")
	leave()
	require.ErrorIs(t, Await(t, failed, "the client's end"), context.Canceled)
	Await(t, done, "the handler's end after its client's")
}

// watched serves h and tells when it is first asked and when it is done with that.
func watched(t *testing.T, h http.Handler) (server *httptest.Server, asked, done chan struct{}) {
	t.Helper()
	asked, done = make(chan struct{}), make(chan struct{})
	return Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		defer close(done)
		h.ServeHTTP(w, r)
	})), asked, done
}
