package vault_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

// Each row of the table in the package comment, through the vendor's client.
func TestAnswers(t *testing.T) {
	say := func(status int, text string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, text)
		}
	}
	errors := func(text string) string { return `{"errors":["` + text + ` ` + planted + `"]}` }
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		class  error
		says   string
	}{
		"absent":               {say(404, `{"errors":[]}`), secrets.ErrNotFound, ""},
		"no such mount":        {say(404, errors("no handler for route")), secrets.ErrNotFound, ""},
		"no answer's text":     {say(404, ""), secrets.ErrNotFound, ""},
		"another server's 404": {say(404, "<html>"+planted), secrets.ErrUnavailable, "address"},
		"deleted":              {say(404, `{"data":{"data":null,"metadata":{"deletion_time":"2026-11-22T03:31:04Z"}}}`), secrets.ErrNotFound, ""},
		"data is null":         {say(200, `{"data":null}`), secrets.ErrNotFound, ""},
		"its data is null":     {say(200, `{"data":{"data":null}}`), secrets.ErrNotFound, ""},
		"no key value":         {say(200, `{"data":{"data":{"vals":"`+planted+`"}}}`), secrets.ErrNotFound, "no key value"},
		"denied":               {say(403, errors("1 error occurred:\\n\\t* permission denied")), secrets.ErrDenied, "403"},
		"token refused":        {say(403, errors("permission denied, invalid token")), secrets.ErrDenied, "403"},
		"a proxy's login":      {say(401, planted), secrets.ErrDenied, "401"},
		"behind the cluster":   {say(412, errors("required index state not present")), secrets.ErrUnavailable, "412"},
		"quota":                {say(429, errors("rate limit quota exceeded")), secrets.ErrUnavailable, "429"},
		"a replica":            {say(473, ""), secrets.ErrUnavailable, "473"},
		"bad request":          {say(400, errors("bad request")), secrets.ErrUnavailable, "400"},
		"internal error":       {say(500, errors("internal error")), secrets.ErrUnavailable, "500"},
		"a proxy's error":      {say(502, "<html>"+planted), secrets.ErrUnavailable, "502"},
		"sealed":               {say(503, `{"errors":["Vault is sealed"]}`), secrets.ErrUnavailable, "sealed"},
		"not JSON":             {say(200, "<html>"+planted), secrets.ErrMalformed, "address"},
		"nothing":              {say(200, ""), secrets.ErrMalformed, "address"},
		"no data":              {say(200, `{"other":"`+planted+`"}`), secrets.ErrMalformed, "address"},
		"version 1's answer":   {say(200, `{"data":{"value":"`+planted+`"}}`), secrets.ErrMalformed, "version 2"},
		"no keys and values":   {say(200, `{"data":{"data":["`+planted+`"]}}`), secrets.ErrMalformed, "keys and values"},
		"not UTF-8":            {say(200, "{\"data\":{\"data\":{\"value\":\"\xff\"}}}"), secrets.ErrMalformed, "UTF-8"},
		"too long":             {say(200, `{"data":{"data":{"value":"`+strings.Repeat("x", backend.MaxText)+`"}}}`), secrets.ErrMalformed, "longer"},
		"too long, in chunks":  {endless, secrets.ErrMalformed, "longer"},
		"reset":                {wiretest.ResetConnection, secrets.ErrUnavailable, "connection reset"},
		"an endless error":     {func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(500); endless(rw, r) }, secrets.ErrMalformed, "longer"},
		"cut off":              {cutOff, secrets.ErrUnavailable, "connection"},
		"redirected to itself": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, secrets.ErrUnavailable, "307"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, 2)
			w.answer(c.answer)
			b := w.opened(t, vault.Options{Retries: -1})
			_, err := b.GetVariable(t.Context(), "hello")
			require.Error(t, err)
			assert.ErrorIs(t, secrets.ClassOf(err), c.class)
			assert.Contains(t, err.Error(), c.says)
			assert.Contains(t, err.Error(), `variable "hello" (secret/variables/hello)`)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func endless(rw http.ResponseWriter, _ *http.Request) {
	chunk := strings.Repeat(" ", 64<<10)
	for range 1024 { // 64 MiB: bounded, whatever the client does
		if _, err := io.WriteString(rw, chunk); err != nil {
			return
		}
	}
}

func cutOff(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(rw, `{"data":`)
	_ = http.NewResponseController(rw).Flush()
	wiretest.ResetConnection(rw, r)
}

func TestNetworkFailures(t *testing.T) {
	silent := wiretest.Serve(t, http.HandlerFunc(wiretest.Silence))
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	wiretest.CloseAtEnd(t, secure)

	for name, c := range map[string]struct {
		address, says string
		timeout       time.Duration
	}{
		"connection refused":  {"http://" + wiretest.ClosedPort(t), "connection refused", 0},
		"no answer in time":   {silent.URL, "no answer in time", 20 * time.Millisecond},
		"an unknown CA":       {secure.URL, "unknown authority", 0},
		"TLS at a plain port": {strings.Replace(silent.URL, "http:", "https:", 1), "TLS", 0},
		"plain at a TLS port": {strings.Replace(secure.URL, "https:", "http:", 1), "400", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := vault.Open(t.Context(), &vault.Options{Address: c.address, Retries: -1, Timeout: c.timeout,
				Login: vault.Token{Token: secret(planted)}})
			require.NoError(t, err)
			defer b.Close()
			_, err = b.GetVariable(t.Context(), "hello")
			require.Error(t, err)
			assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrUnavailable)
			assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")
			assert.Contains(t, err.Error(), c.says)
			assert.Contains(t, err.Error(), c.address, "which server")
			backendtest.NoLeak(t, planted, err)
			check := b.Check(t.Context())
			assert.ErrorIs(t, secrets.ClassOf(check), secrets.ErrUnavailable)
		})
	}
}

// The vendor's client repeats what may pass, and the caller's context ends that.
func TestRepeating(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	failures := 2
	w.Around = func(next http.Handler) http.Handler {
		if failures > 0 {
			failures--
			return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Refuse(rw, 500+failures*3) })
		}
		return next
	}
	_, err := w.opened(t, vault.Options{}).GetVariable(t.Context(), "hello")
	require.NoError(t, err)

	w.answer(func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Refuse(rw, 500) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = w.opened(t, vault.Options{Retries: 1000}).GetVariable(ctx, "hello")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		options vault.Options
		mounts  map[string]int
		class   error
		says    string
	}{
		"fine":             {},
		"another version":  {options: vault.Options{KVVersion: 1}, class: secrets.ErrUnavailable, says: "kv_engine_version"},
		"another engine":   {mounts: map[string]int{"secret": 0}, class: secrets.ErrUnavailable, says: "keys and values"},
		"no such mount":    {options: vault.Options{Mount: "nomount"}, class: secrets.ErrDenied, says: "nomount"},
		"mount in the ids": {options: vault.Options{MountFromID: true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, 2)
			for mount, version := range c.mounts {
				w.Mounts[mount] = version
			}
			w.Answers["auth/token/lookup-self"] = func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Give(rw, map[string]any{"ttl": 1}) }
			err := w.opened(t, c.options).Check(t.Context())
			assert.Len(t, w.Requests(), 1)
			if c.class == nil {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, secrets.ClassOf(err), c.class)
			assert.ErrorContains(t, err, c.says)
		})
	}
	t.Run("ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, newWire(t, 2).opened(t, vault.Options{}).Check(ctx), context.Canceled)
	})
}

func TestList(t *testing.T) {
	for version := 1; version <= 2; version++ {
		w := newWire(t, version)
		for _, name := range []string{"a", "b/c", "b/d/e", "b"} {
			w.Put("secret/connections/"+name, map[string]any{"conn_uri": "x://y"})
		}
		b := w.opened(t, vault.Options{KVVersion: version, Config: backend.Off})
		ids, err := b.List(t.Context(), secrets.KindConnection)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"a", "b", "b/c", "b/d/e"}, ids)
		assert.Len(t, w.Requests(), 3, "one request for each folder")
		ids, err = b.List(t.Context(), secrets.KindVariable)
		require.NoError(t, err)
		assert.Empty(t, ids)
		ids, err = b.List(t.Context(), secrets.KindConfig)
		require.NoError(t, err)
		assert.Empty(t, ids)
	}
}
