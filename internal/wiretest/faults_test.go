package wiretest

import (
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
	server := httptest.NewServer(f)
	defer server.Close()
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
	server := httptest.NewServer(f)
	defer server.Close() // waits for the handler
	client := server.Client()
	client.Timeout = 20 * time.Millisecond
	_, err := client.Post(server.URL, "text/plain", strings.NewReader("a request with a body"))
	require.Error(t, err)
	assert.EqualValues(t, 1, f.Slowed.Load())
}

// Silence ends with the client too, also when the request has a body.
func TestSilence(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(Silence))
	defer server.Close() // waits for the handler
	client := server.Client()
	client.Timeout = 20 * time.Millisecond
	_, err := client.Post(server.URL, "text/plain", strings.NewReader("a request with a body"))
	require.Error(t, err)
}

// A client that goes on to send before it goes away hides its going from the HTTP server, which looks one byte ahead. So
// does every gRPC client that meets a server of HTTP/1: its first words are a request, and more follows.
func TestSilenceEndsWithAClientThatSendsMore(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		Silence(w, r)
	}))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\n")
	require.NoError(t, err)
	<-asked
	_, err = io.WriteString(conn, "SM\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	closed := make(chan struct{})
	go func() { server.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("the handler is still silent although its client is gone")
	}
}
