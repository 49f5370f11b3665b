// Package azuretest is a stand-in for Azure Key Vault: it speaks the service's protocol over TLS to Microsoft's own
// client, with the login by challenge and a small login service, for tests and for examples that run without an account.
// It keeps the secrets of one vault in memory and knows what azurekv asks for: reading the newest version and listing.
package azuretest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Tenant, ClientID and ClientSecret are what the login service knows.
const (
	Tenant       = "11111111-1111-1111-1111-111111111111"
	ClientID     = "22222222-2222-2222-2222-222222222222"
	ClientSecret = "client-secret-of-the-stand-in"
)

// pageSize is the service's own.
const pageSize = 25

// Server is one vault with its login service. It is safe for concurrent use.
type Server struct {
	*httptest.Server

	mu      sync.Mutex
	secrets map[string]secret // by name in small letters
	tokens  map[string]bool
	calls   []string
	logins  int
	answer  http.HandlerFunc
	login   http.HandlerFunc
}

type secret struct {
	name, value string
	disabled    bool
	expires     time.Time
}

// New starts a vault; Close ends it.
func New() *Server { return NewBehind(nil) }

// NewBehind starts a vault behind a handler, which gets the vault's own; the login service is not behind it.
func NewBehind(wrap func(http.Handler) http.Handler) *Server {
	s := &Server{secrets: map[string]secret{}, tokens: map[string]bool{}}
	var vault http.Handler = http.HandlerFunc(s.vault)
	if wrap != nil {
		vault = wrap(vault)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/"+Tenant+"/", s.loginService)
	mux.Handle("/", vault)
	s.Server = httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that leaves, or a test that ends, during a handshake is no error
	s.StartTLS()
	return s
}

// Set stores a secret.
func (s *Server) Set(name, value string) { s.change(name, func(c *secret) { c.value = value }) }

// Disable switches a secret off.
func (s *Server) Disable(name string) { s.change(name, func(c *secret) { c.disabled = true }) }

// Expire sets a secret's date of expiry, of which the service takes no notice.
func (s *Server) Expire(name string, at time.Time) {
	s.change(name, func(c *secret) { c.expires = at })
}

func (s *Server) change(name string, f func(*secret)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.secrets[strings.ToLower(name)]
	c.name = name
	f(&c)
	s.secrets[strings.ToLower(name)] = c
}

// Answer has every call of the vault that has logged in answered by h; nil ends that.
func (s *Server) Answer(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

// AnswerLogin has every login answered by h; nil ends that.
func (s *Server) AnswerLogin(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = h
}

// Calls lists the calls of the vault so far that had logged in, by their paths, and Logins tells how many logins there
// were.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Logins counts the tokens that were given.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Fail writes an error as the service does; inner is "" where there is no inner code.
func Fail(w http.ResponseWriter, status int, code, inner, message string) {
	body := map[string]any{"code": code, "message": message}
	if inner != "" {
		body["innererror"] = map[string]any{"code": inner}
	}
	write(w, status, map[string]any{"error": body})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *Server) vault(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !s.tokens[token] {
		s.mu.Unlock()
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="%s/%s", resource="https://vault.azure.net"`, s.URL, Tenant))
		Fail(w, http.StatusUnauthorized, "Unauthorized", "", "AKV10000: Request is missing a Bearer or PoP token.")
		return
	}
	s.calls = append(s.calls, r.URL.Path)
	answer := s.answer
	s.mu.Unlock()

	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case answer != nil:
		answer(w, r)
	case r.Method != http.MethodGet || r.URL.Query().Get("api-version") == "" || parts[0] != "secrets":
		Fail(w, http.StatusBadRequest, "BadParameter", "", "The request URI is invalid.")
	case len(parts) == 1:
		s.list(w, r)
	default:
		s.get(w, parts[1])
	}
}

func (s *Server) get(w http.ResponseWriter, name string) {
	s.mu.Lock()
	c, ok := s.secrets[strings.ToLower(name)]
	s.mu.Unlock()
	switch {
	case !ok:
		Fail(w, http.StatusNotFound, "SecretNotFound", "", "A secret with (name/id) "+name+" was not found in this key vault.")
	case c.disabled:
		Fail(w, http.StatusForbidden, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
	default:
		attributes := map[string]any{"enabled": true, "created": 1, "updated": 1}
		if !c.expires.IsZero() {
			attributes["exp"] = c.expires.Unix()
		}
		write(w, http.StatusOK, map[string]any{"value": c.value, "id": s.URL + "/secrets/" + c.name + "/0123456789abcdef", "attributes": attributes})
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	start, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	names := slices.Sorted(maps.Keys(s.secrets))
	end := min(len(names), start+pageSize)
	page := []any{}
	for _, name := range names[start:end] {
		page = append(page, map[string]any{"id": s.URL + "/secrets/" + s.secrets[name].name, "attributes": map[string]any{"enabled": true}})
	}
	body := map[string]any{"value": page, "nextLink": nil}
	if end < len(names) {
		body["nextLink"] = fmt.Sprintf("%s/secrets?api-version=%s&$skiptoken=%d", s.URL, r.URL.Query().Get("api-version"), end)
	}
	write(w, http.StatusOK, body)
}

// loginService is the part of Microsoft Entra ID that an application needs to log in.
func (s *Server) loginService(w http.ResponseWriter, r *http.Request) {
	authority := "https://" + r.Host + "/" + Tenant
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		write(w, http.StatusOK, map[string]any{
			"issuer":                 authority + "/v2.0",
			"authorization_endpoint": authority + "/oauth2/v2.0/authorize",
			"token_endpoint":         authority + "/oauth2/v2.0/token",
		})
		return
	}
	s.mu.Lock()
	login := s.login
	s.mu.Unlock()
	switch {
	case login != nil:
		login(w, r)
	case r.PostFormValue("client_id") != ClientID || r.PostFormValue("client_secret") != ClientSecret && r.PostFormValue("client_assertion") == "":
		write(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client",
			"error_description": "AADSTS7000215: Invalid client secret provided.", "error_codes": []int{7000215}})
	default:
		s.GiveToken(w)
	}
}

// GiveToken answers a login with a token that the vault takes for an hour.
func (s *Server) GiveToken(w http.ResponseWriter) {
	token := rand.Text()
	s.mu.Lock()
	s.logins++
	s.tokens[token] = true
	s.mu.Unlock()
	write(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": token})
}
