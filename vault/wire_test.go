package vault_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/vault"
)

// planted is the text that must never show.
const planted = "pLanted5ecret"

// wire speaks the part of Vault's protocol that the package uses, in the words of a real server of version 1.21.
type wire struct {
	*httptest.Server
	mu       sync.Mutex
	mounts   map[string]int              // mount → version of its engine
	secrets  map[string]json.RawMessage  // mount/path → keys and values; null: the latest version is deleted
	tokens   map[string]bool             // nil: every token is good
	logins   map[string]http.HandlerFunc // path below /v1/ → answer
	requests []string                    // method and path of each, with ?list=true
	around   func(next http.Handler) http.Handler
}

// newWire starts a server with an engine at secret. Change its fields before the first request.
func newWire(t testing.TB, kvVersion int) *wire {
	w := &wire{
		mounts:  map[string]int{"secret": kvVersion},
		secrets: map[string]json.RawMessage{},
		logins:  map[string]http.HandlerFunc{},
	}
	w.Server = httptest.NewServer(w.handler())
	t.Cleanup(w.Close)
	return w
}

func (w *wire) handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		next := http.Handler(http.HandlerFunc(w.answer))
		if w.around != nil {
			next = w.around(next)
		}
		next.ServeHTTP(rw, r)
	})
}

// approle takes every login with a role id.
func approle(token string) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"auth/approle/login": func(rw http.ResponseWriter, _ *http.Request) { grant(rw, token, 3600, true) },
	}
}

// put stores a secret of these keys and values.
func (w *wire) put(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets[name] = text
}

// fill stores content as Airflow's users do: connections under conn_uri, the rest under value.
func (w *wire) fill(content backendtest.Content) {
	for id, texts := range content.Connections {
		w.put("secret/connections/"+id, map[string]string{"conn_uri": texts[0]})
	}
	for key, text := range content.Variables {
		w.put("secret/variables/"+key, map[string]string{"value": text})
	}
	for key, text := range content.Config {
		w.put("secret/config/"+key, map[string]string{"value": text})
	}
}

func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

func (w *wire) answer(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	list := r.URL.Query().Get("list") == "true"
	note := r.Method + " " + path
	if list {
		note += "?list=true"
	}
	w.requests = append(w.requests, note)
	if login := w.logins[path]; login != nil {
		login(rw, r)
		return
	}
	if w.tokens != nil && !w.tokens[r.Header.Get("X-Vault-Token")] {
		refuse(rw, http.StatusForbidden, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
		return
	}
	if mount, ok := strings.CutPrefix(path, "sys/internal/ui/mounts/"); ok {
		w.answerMount(rw, mount)
		return
	}
	for mount, version := range w.mounts {
		rest, ok := strings.CutPrefix(path, mount+"/")
		switch {
		case !ok:
			continue
		case version == 2 && list:
			rest, ok = strings.CutPrefix(rest+"/", "metadata/")
		case version == 2:
			rest, ok = strings.CutPrefix(rest, "data/")
		case list:
			rest += "/"
		}
		switch {
		case !ok:
			refuse(rw, http.StatusNotFound)
		case list:
			w.answerList(rw, mount+"/"+rest)
		default:
			w.answerSecret(rw, mount+"/"+rest, version)
		}
		return
	}
	refuse(rw, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path))
}

func (w *wire) answerSecret(rw http.ResponseWriter, name string, version int) {
	data, ok := w.secrets[name]
	if !ok {
		refuse(rw, http.StatusNotFound)
		return
	}
	if version == 1 {
		give(rw, data)
		return
	}
	if string(data) == "null" {
		rw.WriteHeader(http.StatusNotFound)
	}
	give(rw, map[string]any{"data": data, "metadata": map[string]any{
		"created_time": "2026-11-22T03:31:04.477375943Z", "custom_metadata": nil, "deletion_time": "", "destroyed": false, "version": 3,
	}})
}

func (w *wire) answerList(rw http.ResponseWriter, folder string) {
	var keys []string
	for name := range w.secrets {
		rest, ok := strings.CutPrefix(name, folder)
		if before, _, deep := strings.Cut(rest, "/"); deep {
			rest = before + "/"
		}
		if ok && !slices.Contains(keys, rest) {
			keys = append(keys, rest)
		}
	}
	if keys == nil {
		refuse(rw, http.StatusNotFound)
		return
	}
	slices.Sort(keys)
	give(rw, map[string]any{"keys": keys})
}

func (w *wire) answerMount(rw http.ResponseWriter, mount string) {
	version, ok := w.mounts[mount]
	if !ok {
		refuse(rw, http.StatusForbidden, `preflight capability check returned 403, please ensure client's policies grant access to path "nomount/"`)
		return
	}
	m := map[string]any{"type": "kv", "path": mount + "/", "options": map[string]string{"version": fmt.Sprint(version)}}
	if version == 0 {
		m = map[string]any{"type": "transit", "path": mount + "/", "options": nil}
	}
	give(rw, m)
}

// give answers with data in Vault's envelope.
func give(rw http.ResponseWriter, data any) {
	_ = json.NewEncoder(rw).Encode(map[string]any{"request_id": "60ae6262-bfe9-cc87-8b3f-e0ee6aa7cd1a", "lease_id": "",
		"renewable": false, "lease_duration": 0, "data": data, "wrap_info": nil, "warnings": nil, "auth": nil})
}

// grant answers a login or renewal.
func grant(rw http.ResponseWriter, token string, seconds int, renewable bool) {
	_ = json.NewEncoder(rw).Encode(map[string]any{"request_id": "x", "data": nil, "auth": map[string]any{
		"client_token": token, "accessor": "a", "policies": []string{"default"}, "lease_duration": seconds, "renewable": renewable}})
}

// refuse answers with a status and Vault's form of errors.
func refuse(rw http.ResponseWriter, status int, errs ...string) {
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]any{"errors": append([]string{}, errs...)})
}

// opened is a Backend that Open makes for the server, with a token.
func (w *wire) opened(t testing.TB, o vault.Options) *vault.Backend {
	t.Helper()
	o.Address = w.URL
	if o.Login == nil {
		o.Login = vault.Token{Token: secret("s.token")}
	}
	b, err := vault.Open(t.Context(), &o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// client is the vendor's client for the server, which repeats nothing.
func (w *wire) client(t testing.TB) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries, config.HttpClient = w.URL, 0, w.Server.Client()
	c, err := api.NewClient(config)
	require.NoError(t, err)
	c.SetToken("s.token")
	return c
}

func body(r *http.Request) map[string]any {
	text, _ := io.ReadAll(r.Body)
	var m map[string]any
	_ = json.Unmarshal(text, &m)
	return m
}
