package vaultwire

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// engine is a key/value engine.
type engine struct {
	mount   string
	version int
}

// name returns the secret or folder that the path below the mount stands for.
func (e engine) name(path string, list bool) (name string, ok bool) {
	if list {
		path = strings.TrimSuffix(path, "/") + "/"
	}
	ok = true
	switch {
	case e.version == 2 && list:
		path, ok = strings.CutPrefix(path, "metadata/")
	case e.version == 2:
		path, ok = strings.CutPrefix(path, "data/")
	}
	return e.mount + "/" + path, ok
}

func (s *Server) serveEngine(w http.ResponseWriter, r *http.Request, e engine, path string, list bool) {
	name, ok := e.name(path, list)
	switch {
	case !ok:
		Refuse(w, http.StatusNotFound)
	case r.Method == http.MethodPut || r.Method == http.MethodPost:
		s.write(w, r, e, name)
	case list:
		s.list(w, name)
	default:
		s.read(w, e, name)
	}
}

func (s *Server) read(w http.ResponseWriter, e engine, name string) {
	s.mu.Lock()
	data, ok := s.secrets[name]
	s.mu.Unlock()
	if !ok {
		Refuse(w, http.StatusNotFound)
		return
	}
	if e.version == 1 {
		Give(w, data)
		return
	}
	if string(data) == "null" {
		w.WriteHeader(http.StatusNotFound)
	}
	Give(w, map[string]any{"data": data, "metadata": map[string]any{
		"created_time": "2026-11-22T03:31:04.477375943Z", "custom_metadata": nil, "deletion_time": "", "destroyed": false, "version": 3,
	}})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, e engine, name string) {
	var body json.RawMessage
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		Refuse(w, http.StatusBadRequest, "error parsing JSON")
		return
	}
	if e.version == 1 {
		s.Put(name, body)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var v2 struct{ Data json.RawMessage }
	if json.Unmarshal(body, &v2) != nil || v2.Data == nil {
		Refuse(w, http.StatusBadRequest, "no data provided")
		return
	}
	s.Put(name, v2.Data)
	Give(w, map[string]any{"version": 3})
}

func (s *Server) list(w http.ResponseWriter, folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for name := range s.secrets {
		rest, ok := strings.CutPrefix(name, folder)
		if before, _, deep := strings.Cut(rest, "/"); deep {
			rest = before + "/"
		}
		if ok && !slices.Contains(keys, rest) {
			keys = append(keys, rest)
		}
	}
	if keys == nil {
		Refuse(w, http.StatusNotFound)
		return
	}
	slices.Sort(keys)
	Give(w, map[string]any{"keys": keys})
}
