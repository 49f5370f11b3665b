// Package vaultwire is a server that speaks the part of Vault's protocol that package vault uses, in the words of a real
// server of version 1.21: key/value engines of version 1 and 2, lists, what a mount is, and refused tokens. It serves the
// tests of package vault, which hold it to the real server, and the walkthrough in examples/vault.
package vaultwire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server is the handler. Fields are set before the first request; the methods are safe at any time.
type Server struct {
	// Mounts are the versions of the key/value engines by mount; 0 is an engine of another kind.
	Mounts map[string]int
	// Answers are given in place of the server's own, whatever the token, by the path below /v1/: logins, failures.
	Answers map[string]http.HandlerFunc
	// Around, if not nil, is put around everything.
	Around func(next http.Handler) http.Handler

	mu       sync.Mutex
	secrets  map[string]json.RawMessage // mount/path → keys and values; null: the latest version is deleted
	tokens   map[string]bool            // nil: every token is good
	requests []string
}

// New returns a server with an engine at secret that takes every token.
func New(kvVersion int) *Server {
	return &Server{
		Mounts:  map[string]int{"secret": kvVersion},
		Answers: map[string]http.HandlerFunc{},
		secrets: map[string]json.RawMessage{},
	}
}

// Put stores a secret of these keys and values under mount/path; nil is one whose latest version is deleted.
func (s *Server) Put(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic("vaultwire: Put of what JSON cannot hold")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = text
}

// Accept makes these tokens good and no others.
func (s *Server) Accept(tokens ...string) {
	good := map[string]bool{}
	for _, token := range tokens {
		good[token] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = good
}

// Requests returns method and path of every request so far, with ?list=true where that was asked.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := http.Handler(http.HandlerFunc(s.Answer))
	if s.Around != nil {
		next = s.Around(next)
	}
	next.ServeHTTP(w, r)
}

// Answer is ServeHTTP without Around.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	list := r.URL.Query().Get("list") == "true"
	note := r.Method + " " + path
	if list {
		note += "?list=true"
	}
	s.mu.Lock()
	s.requests = append(s.requests, note)
	good := s.tokens == nil || s.tokens[r.Header.Get("X-Vault-Token")]
	s.mu.Unlock()

	if answer := s.Answers[path]; answer != nil {
		answer(w, r)
		return
	}
	if !good {
		Refuse(w, http.StatusForbidden, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
		return
	}
	if mount, ok := strings.CutPrefix(path, "sys/internal/ui/mounts/"); ok {
		s.tellMount(w, mount)
		return
	}
	for mount, version := range s.Mounts {
		if rest, ok := strings.CutPrefix(path, mount+"/"); ok {
			s.serveEngine(w, r, engine{mount, version}, rest, list)
			return
		}
	}
	Refuse(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path))
}

func (s *Server) tellMount(w http.ResponseWriter, mount string) {
	version, ok := s.Mounts[mount]
	switch {
	case !ok:
		Refuse(w, http.StatusForbidden, fmt.Sprintf("preflight capability check returned 403, please ensure client's policies grant access to path %q", mount+"/"))
	case version == 0:
		Give(w, map[string]any{"type": "transit", "path": mount + "/", "options": nil})
	default:
		Give(w, map[string]any{"type": "kv", "path": mount + "/", "options": map[string]string{"version": fmt.Sprint(version)}})
	}
}

// Give answers with data in Vault's envelope.
func Give(w http.ResponseWriter, data any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "60ae6262-bfe9-cc87-8b3f-e0ee6aa7cd1a", "lease_id": "",
		"renewable": false, "lease_duration": 0, "data": data, "wrap_info": nil, "warnings": nil, "auth": nil})
}

// Grant answers a login or renewal with a token that lives so many seconds, 0 for ever.
func Grant(w http.ResponseWriter, token string, seconds int, renewable bool) {
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "5b3d7120-79d5-f70e-51c3-8c693394325f", "data": nil, "auth": map[string]any{
		"client_token": token, "accessor": "MlPsZ7mQZ38w015PLvq0vNe4", "policies": []string{"default"}, "lease_duration": seconds, "renewable": renewable}})
}

// Refuse answers with a status and Vault's form of errors.
func Refuse(w http.ResponseWriter, status int, errs ...string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": append([]string{}, errs...)})
}
