package backendtest

import (
	"context"
	"strings"
	"sync"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planted is the text that must never show: it is part of every password and value of the suite.
const planted = "pLanted5ecret"

// sample is a store's usual content.
func sample() Content {
	return Content{
		Connections: map[string][]string{
			"smtp_default": {"smtps://user:" + planted + "@relay.example.com:465"},
			"as_json":      {`{"conn_type": "postgres", "host": "db.example.com", "login": "app", "password": "` + planted + `", "port": 5432, "schema": "sales", "extra": {"sslmode": "require"}}`},
		},
		Variables: map[string]string{"hello": "world " + planted},
		Config:    map[string]string{"sql_alchemy_conn": "sqlite:////tmp/" + planted},
	}
}

var readChecks = []check{
	{"reads a connection in URI form", "GetConnections returns what is stored, taken apart, with the ID that was asked for", func(s *suite) {
		b := s.backend(sample())
		conns, err := b.GetConnections(s.Context(), "smtp_default")
		require.NoError(s, err)
		require.Len(s, conns, 1)
		s.sameConnection(conns[0], "smtp_default", sample().Connections["smtp_default"][0])
	}},
	{"reads a connection in JSON form", "a connection may be stored in either form (specification, lookup §3)", func(s *suite) {
		b := s.backend(sample())
		conns, err := b.GetConnections(s.Context(), "as_json")
		require.NoError(s, err)
		require.Len(s, conns, 1)
		s.sameConnection(conns[0], "as_json", sample().Connections["as_json"][0])
	}},
	{"keeps several connections in order", "every connection under one id is kept, in stored order (specification, lookup A2)", func(s *suite) {
		if s.h.OneConnection {
			s.Skip("this store holds one connection per id")
		}
		texts := []string{"mysql://u:" + planted + "@b-host", "mysql://u:" + planted + "@a-host", "mysql://u:" + planted + "@c-host"}
		b := s.backend(Content{Connections: map[string][]string{"many": texts}})
		conns, err := b.GetConnections(s.Context(), "many")
		require.NoError(s, err)
		require.Len(s, conns, len(texts))
		for i, text := range texts {
			s.sameConnection(conns[i], "many", text)
		}
	}},
	{"GetConnURI is the first connection's URI", "the URI form parses back to the first connection", func(s *suite) {
		content := sample()
		if !s.h.OneConnection {
			content.Connections["many"] = []string{"mysql://u:" + planted + "@b-host", "mysql://u:" + planted + "@a-host"}
		}
		b := s.backend(content)
		for id := range content.Connections {
			conns, err := b.GetConnections(s.Context(), id)
			require.NoError(s, err)
			uri, err := b.GetConnURI(s.Context(), id)
			require.NoError(s, err)
			c, err := secrets.ParseURI(uri)
			require.NoError(s, err)
			c.ID, c.Description = id, conns[0].Description // a URI has neither
			assert.Truef(s, c.Equal(conns[0]), "the URI of %q does not parse back to its connection", id)
		}
	}},
	{"returns variables byte for byte", "a variable is not trimmed, unquoted or parsed", func(s *suite) {
		values := map[string]string{"plain": "x", "json": `{"a": [1, "` + planted + `"]}`, "unicode": "grüße 😀 " + planted,
			"percent": "100%25 %s +", "quoted": `'"` + planted + `"'`}
		if !s.h.TrimsValues {
			values["spaces"], values["lines"] = "  "+planted+" \t", planted+"\nsecond\n"
		}
		b := s.backend(Content{Variables: values})
		for key, want := range values {
			got, err := b.GetVariable(s.Context(), key)
			require.NoErrorf(s, err, "variable %q", key)
			assert.Truef(s, got == want, "variable %q: got %d bytes, want %d, or other ones", key, len(got), len(want))
		}
	}},
	{"a blank variable is a value", "the empty text is a value, not an absence (specification, lookup A4)", func(s *suite) {
		if s.h.NoBlanks {
			s.Skip("this store cannot hold a blank variable")
		}
		b := s.backend(Content{Variables: map[string]string{"blank": ""}})
		got, err := b.GetVariable(s.Context(), "blank")
		require.NoError(s, err)
		assert.Truef(s, got == "", "got %d bytes, want none", len(got))
	}},
	{"reads odd names", "a lookup is never refused for its name: a store that can hold the name finds it", func(s *suite) {
		content := Content{Connections: map[string][]string{}, Variables: map[string]string{}}
		for _, id := range []string{"a-b.c", "team/db", "main:replica", "größe", "#1!()", `back\slash`, "UPPER", strings.Repeat("n", 100)} {
			if s.h.holds(secrets.KindConnection, id) {
				content.Connections[id] = []string{"mysql://u:" + planted + "@" + strings.Repeat("h", 1+len(id)%7)}
			}
			if s.h.holds(secrets.KindVariable, id) {
				content.Variables[id] = planted + id
			}
		}
		b := s.backend(content)
		for id, texts := range content.Connections {
			conns, err := b.GetConnections(s.Context(), id)
			require.NoErrorf(s, err, "connection %q", id)
			s.sameConnection(conns[0], id, texts[0])
		}
		for key, want := range content.Variables {
			got, err := b.GetVariable(s.Context(), key)
			require.NoErrorf(s, err, "variable %q", key)
			assert.Truef(s, got == want, "variable %q is another's", key)
		}
	}},
	{"many readers", "every method is safe for concurrent use", func(s *suite) {
		b := s.backend(sample())
		reads := s.reads(b)
		var wg sync.WaitGroup
		for i := range 2 * len(reads) { // each is the first of two: the race detector sees best what comes first
			wg.Go(func() {
				for n := range 20 {
					c := reads[(i+n)%len(reads)]
					complete, err := c.run(s.Context())
					if unsupported(err) {
						continue
					}
					assert.NoError(s, err, c.name)
					assert.True(s, complete, c.name)
				}
				_, err := b.GetVariable(s.Context(), "absent")
				assert.ErrorIs(s, err, secrets.ErrNotFound)
			})
		}
		wg.Wait()
	}},
	{"results belong to the caller", "nothing a caller does to a result changes what others get", func(s *suite) {
		b := s.backend(sample())
		conns, err := b.GetConnections(s.Context(), "smtp_default")
		require.NoError(s, err)
		conns[0].Host, conns[0].Password = "changed", secrets.NewSecret("changed")
		again, err := b.GetConnections(s.Context(), "smtp_default")
		require.NoError(s, err)
		s.sameConnection(again[0], "smtp_default", sample().Connections["smtp_default"][0])

		batcher, ok := b.(secrets.Batcher)
		if !ok {
			return
		}
		for range 2 {
			found, err := batcher.GetConnectionMap(s.Context(), []string{"smtp_default"})
			if unsupported(err) {
				return
			}
			require.NoError(s, err)
			require.Len(s, found, 1)
			s.sameConnection(found["smtp_default"][0], "smtp_default", sample().Connections["smtp_default"][0])
			found["smtp_default"][0].Host = "changed"
			found["other"] = nil
		}
	}},
	{"prints nothing", "no printed form of a backend or of what it returns holds a value", func(s *suite) {
		b := s.backend(sample())
		conns, err := b.GetConnections(s.Context(), "smtp_default")
		require.NoError(s, err)
		_, err = b.GetVariable(s.Context(), "hello")
		require.NoError(s, err)
		NoLeak(s, planted, b, conns, conns[0])
	}},
}

// sameConnection compares without printing a value.
func (s *suite) sameConnection(got secrets.Connection, id, text string) {
	s.Helper()
	want, err := secrets.Parse(text)
	require.NoErrorf(s, err, "the suite's own connection %q", id)
	want.ID = id
	assert.Equalf(s, id, got.ID, "the ID of connection %q", id)
	got.Description = want.Description // not every store keeps one
	assert.Truef(s, got.Equal(want), "connection %q differs from what is stored: got %v, want %v", id, got, want)
}

// config asks for a config value of a backend that may have none.
func (s *suite) config(ctx context.Context, b secrets.Backend, key string) (text string, err error, able bool) {
	g, ok := b.(secrets.ConfigGetter)
	if !ok || s.h.NoConfig {
		return "", nil, false
	}
	text, err = g.GetConfig(ctx, key)
	return text, err, !unsupported(err)
}
