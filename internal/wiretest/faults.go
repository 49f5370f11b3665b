// Package wiretest makes HTTP servers fail the way networks and stores do, so that tests can see what their clients
// lose, and counts what they lose. Only tests import it.
package wiretest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Faults passes requests on to Handler and spoils a fixed share of them, in turn: throttled, connection reset without an
// answer, answered late. Which request is spoilt follows from its number alone, so the share is exact however many
// clients there are. It is safe for concurrent use; the counts may be read at any time.
type Faults struct {
	// Handler answers. A late request is answered by it too.
	Handler http.Handler
	// Throttle is the store's own way to say that there are too many requests. Nil: status 429 without a body.
	Throttle http.HandlerFunc
	// OneIn says that one request in so many is spoilt. 0: 20, which is 5 %.
	OneIn int
	// Late is how long a late answer waits, or until the client gives up. 0: 10 ms.
	Late time.Duration

	// Requests counts all; the others count those that were spoilt.
	Requests, Throttled, Reset, Slowed atomic.Int64
}

// ServeHTTP passes the request on, or spoils it.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	oneIn := int64(f.OneIn)
	if oneIn == 0 {
		oneIn = 20
	}
	n := f.Requests.Add(1)
	if n%oneIn != 0 {
		f.Handler.ServeHTTP(w, r)
		return
	}
	switch n / oneIn % 3 {
	case 0:
		f.Throttled.Add(1)
		if f.Throttle == nil {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		f.Throttle(w, r)
	case 1:
		f.Reset.Add(1)
		ResetConnection(w, r)
	case 2:
		f.Slowed.Add(1)
		// The server notices that a client went away only once it has read the request.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		late := time.NewTimer(f.late())
		defer late.Stop()
		select {
		case <-late.C:
			f.Handler.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

func (f *Faults) late() time.Duration {
	if f.Late == 0 {
		return 10 * time.Millisecond
	}
	return f.Late
}

// ResetConnection ends the request's connection without an answer: with a TCP reset where the connection can be had,
// and otherwise (HTTP/2) with the end of the stream.
func ResetConnection(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close then resets instead of saying goodbye
	}
	_ = conn.Close()
}

// Silence reads the request and answers nothing until the client goes away. It reads the connection itself where it can
// be had: the HTTP/1 server looks one byte ahead only, so that a client that sends more and then goes, as gRPC does,
// would be waited for without end.
func Silence(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, whose server reads all the time
		<-r.Context().Done()
		return
	}
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}
