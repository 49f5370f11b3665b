package audit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// patience bounds a lookup against a server that does not answer.
const patience = 600 * time.Millisecond

// answering makes a front that answers everything itself.
func answering(h http.HandlerFunc) front {
	return func(http.Handler) http.Handler { return h }
}

func answer(code int, contentType, body string) front {
	return answering(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

const page = "<html><body>" + planted + "</body></html>"

// disasters are what servers, and what stands between, do at their worst. Classes are those that a store may call it by;
// the context's own end is allowed with each.
var disasters = map[string]struct {
	front   front
	classes []error
}{
	"silence":                       {answering(wiretest.Silence), nil},
	"the connection is reset":       {answering(wiretest.ResetConnection), []error{secrets.ErrUnavailable}},
	"half an answer":                {answering(halfAnswer), []error{secrets.ErrUnavailable, secrets.ErrMalformed}},
	"an answer without an end":      {answering(endless), []error{secrets.ErrUnavailable, secrets.ErrMalformed}},
	"an empty answer":               {answer(200, "application/json", ""), []error{secrets.ErrMalformed, secrets.ErrUnavailable}},
	"an answer that is no JSON":     {answer(200, "application/json", planted), []error{secrets.ErrMalformed, secrets.ErrUnavailable}},
	"an answer of other types":      {answer(200, "application/json", otherTypes), []error{secrets.ErrMalformed, secrets.ErrUnavailable}},
	"an answer of nothing but null": {answer(200, "application/json", "null"), []error{secrets.ErrMalformed, secrets.ErrUnavailable}},
	"a page of a proxy":             {answer(200, "text/html", page), []error{secrets.ErrMalformed, secrets.ErrUnavailable}},
	"not found, says a proxy":       {answer(404, "text/html", page), []error{secrets.ErrUnavailable, secrets.ErrMalformed}},
	"throttled":                     {answer(429, "application/json", `{"message": "`+planted+`"}`), []error{secrets.ErrUnavailable}},
	"unavailable":                   {answer(503, "application/json", `{"errors": ["`+planted+`"]}`), []error{secrets.ErrUnavailable}},
	"a bad gateway":                 {answer(502, "text/html", page), []error{secrets.ErrUnavailable}},
	"an internal error":             {answer(500, "application/json", `{"message": "`+planted+`"}`), []error{secrets.ErrUnavailable}},
	"a refusal":                     {answer(403, "application/json", `{"message": "`+planted+`", "errors": ["`+planted+`"]}`), []error{secrets.ErrDenied, secrets.ErrUnavailable}},
	"an expired token":              {answer(401, "application/json", `{"message": "`+planted+`", "errors": ["`+planted+`"]}`), []error{secrets.ErrDenied, secrets.ErrUnavailable}},
	"an expired token, says AWS": {answer(400, "application/x-amz-json-1.1", `{"__type": "ExpiredTokenException", "message": "`+planted+`"}`),
		[]error{secrets.ErrDenied, secrets.ErrUnavailable}},
	"redirected in a circle": {answering(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"?"+planted, http.StatusTemporaryRedirect)
	}), []error{secrets.ErrUnavailable, secrets.ErrMalformed}},
	"a clock that jumps": {answering(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(20*365*24*time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}), []error{secrets.ErrUnavailable}},
}

var otherTypes = strings.ReplaceAll(`{"Parameter": "X", "SecretString": {"X": "X"}, "Name": ["X"], "data": "X", "value": {"X": 1}, "errors": {"X": "X"}, "error": ["X"]}`,
	"X", planted)

func halfAnswer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"Parameter": {"Value": "`+planted)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// endless sends a text until the client has had enough, or 256 MiB: more than any client of ours may take.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"value": "`)
	chunk := []byte(strings.Repeat(planted+" ", 1<<16/(len(planted)+1)))
	for sent := 0; sent < 256<<20 && r.Context().Err() == nil; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// read runs every read of a backend, and checks what it says.
func read(t *testing.T, b secrets.Backend, classes []error) {
	t.Helper()
	reads := map[string]func(context.Context) error{
		"GetConnections": func(ctx context.Context) error { _, err := b.GetConnections(ctx, "db"); return err },
		"GetVariable":    func(ctx context.Context) error { _, err := b.GetVariable(ctx, "key"); return err },
	}
	if c, ok := b.(secrets.Checker); ok {
		reads["Check"] = c.Check
	}
	if l, ok := b.(secrets.Lister); ok {
		reads["List"] = func(ctx context.Context) error { _, err := l.List(ctx, secrets.KindVariable); return err }
	}
	for name, do := range reads {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		done := make(chan error, 1)
		go func() { done <- do(ctx) }()
		err := wiretest.Await(t, done, name+" to come back, long after its deadline")
		cancel()
		if err == nil {
			assert.Containsf(t, []string{"Check", "List"}, name, "%s found something", name)
			continue
		}
		assert.NotErrorIsf(t, err, secrets.ErrNotFound, "%s: a failure was taken for an absence", name)
		backendtest.NoLeak(t, planted, err)
		if ctx.Err() == context.DeadlineExceeded && (len(classes) == 0 || secrets.ClassOf(err) == secrets.ErrUnavailable) {
			continue
		}
		assert.Containsf(t, classes, secrets.ClassOf(err), "%s: %v", name, err)
	}
	backendtest.NoLeak(t, planted, b)
}

func TestChaos(t *testing.T) {
	holds := texts{"mysql://u:" + planted + "@host", planted}
	for store, open := range httpStores {
		for disaster, d := range disasters {
			t.Run(store+"/"+disaster, func(t *testing.T) {
				t.Parallel()
				read(t, closed(t, open(t, holds, d.front)), d.classes)
			})
		}
	}
	for code, classes := range map[codes.Code][]error{
		codes.Unavailable:       {secrets.ErrUnavailable},
		codes.ResourceExhausted: {secrets.ErrUnavailable},
		codes.Internal:          {secrets.ErrUnavailable},
		codes.Unknown:           {secrets.ErrUnavailable},
		codes.DataLoss:          {secrets.ErrUnavailable, secrets.ErrMalformed},
		codes.Unauthenticated:   {secrets.ErrDenied},
		codes.PermissionDenied:  {secrets.ErrDenied},
		codes.Unimplemented:     {secrets.ErrUnavailable, secrets.ErrMalformed},
	} {
		t.Run("gcpsm/"+code.String(), func(t *testing.T) {
			t.Parallel()
			read(t, closed(t, google(t, holds, status.Error(code, "failed with "+planted))), classes)
		})
	}
	for disaster, d := range disasters { // gRPC is HTTP/2: what answers in HTTP/1 is a proxy's page, or worse
		t.Run("gcpsm/"+disaster, func(t *testing.T) {
			t.Parallel()
			url := serve(t, d.front(nil))
			read(t, closed(t, googleAt(t, strings.TrimPrefix(url, "http://"))), []error{secrets.ErrUnavailable, secrets.ErrMalformed})
		})
	}
	for store, open := range sqlStores {
		for disaster, do := range sqlDisasters {
			t.Run(store+"/"+disaster, func(t *testing.T) {
				t.Parallel()
				read(t, closed(t, open(t, serveTCP(t, do))), []error{secrets.ErrUnavailable})
			})
		}
	}
}

// TestFoundAgain shows that a store that was in trouble is used again as soon as it is out of it: nothing is left behind
// in the clients.
func TestFoundAgain(t *testing.T) {
	holds := texts{"mysql://u:" + planted + "@host", planted}
	for store, open := range httpStores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			var trouble atomic.Bool
			trouble.Store(true)
			b := closed(t, open(t, holds, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if trouble.Load() {
						wiretest.ResetConnection(w, r)
						return
					}
					h.ServeHTTP(w, r)
				})
			}))
			for i := range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				_, err := b.GetVariable(ctx, "key")
				cancel()
				require.Errorf(t, err, "lookup %s", strconv.Itoa(i))
			}
			trouble.Store(false)
			text, err := b.GetVariable(t.Context(), "key")
			require.NoError(t, err)
			assert.True(t, text == planted)
			_, err = b.GetVariable(t.Context(), "absent")
			assert.ErrorIs(t, err, secrets.ErrNotFound)
			assert.NotContains(t, fmt.Sprintf("%+v", b), planted)
		})
	}
}
