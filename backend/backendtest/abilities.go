package backendtest

import (
	"fmt"
	"slices"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var abilityChecks = []check{
	{"config", "a ConfigGetter reads config values and tells absent ones", func(s *suite) {
		b := s.backend(sample())
		text, err, able := s.config(s.Context(), b, "sql_alchemy_conn")
		if !able {
			s.Skip("not a ConfigGetter")
		}
		require.NoError(s, err)
		assert.True(s, text == sample().Config["sql_alchemy_conn"])
		_, err, _ = s.config(s.Context(), b, "absent")
		s.notFound(err)
	}},
	{"batches equal single reads", "a Batcher gives what single reads give; absent names are absent from the map and no error", func(s *suite) {
		content := Content{Connections: map[string][]string{}, Variables: map[string]string{}}
		var ids []string
		for i := range 45 { // more than a batch of any store
			id := fmt.Sprintf("name_%02d", i)
			ids = append(ids, id, "absent_"+id)
			content.Connections[id] = []string{fmt.Sprintf("mysql://u:%s%d@host%d", planted, i, i)}
			content.Variables[id] = fmt.Sprintf("%s %d", planted, i)
		}
		b := s.backend(content)
		batcher, ok := b.(secrets.Batcher)
		if !ok {
			s.Skip("not a Batcher")
		}
		texts, err := batcher.GetVariables(s.Context(), ids)
		if unsupported(err) {
			s.Skip("not a Batcher")
		}
		require.NoError(s, err)
		require.Len(s, texts, len(content.Variables))
		for key, want := range content.Variables {
			assert.Truef(s, texts[key] == want, "variable %q differs from its single read", key)
		}
		conns, err := batcher.GetConnectionMap(s.Context(), ids)
		require.NoError(s, err)
		require.Len(s, conns, len(content.Connections))
		for id, want := range content.Connections {
			require.Lenf(s, conns[id], 1, "connection %q", id)
			s.sameConnection(conns[id][0], id, want[0])
		}
		texts, err = batcher.GetVariables(s.Context(), nil)
		require.NoError(s, err)
		assert.Empty(s, texts)
	}},
	{"lists its names", "a Lister tells every name of a kind, each once, and no other", func(s *suite) {
		names := []string{"alpha", "beta", "gamma"}
		content := Content{Connections: map[string][]string{}, Variables: map[string]string{"only": planted}}
		for _, name := range names {
			content.Connections[name] = []string{"mysql://u:" + planted + "@host"}
		}
		b := s.backend(content)
		lister, ok := b.(secrets.Lister)
		if !ok {
			s.Skip("not a Lister")
		}
		got, err := lister.List(s.Context(), secrets.KindConnection)
		if unsupported(err) {
			s.Skip("not a Lister")
		}
		require.NoError(s, err)
		slices.Sort(got)
		assert.Equal(s, names, got)
		got, err = lister.List(s.Context(), secrets.KindVariable)
		require.NoError(s, err)
		assert.Equal(s, []string{"only"}, got)
		empty, err := s.backend(Content{}).(secrets.Lister).List(s.Context(), secrets.KindVariable)
		require.NoError(s, err)
		assert.Empty(s, empty)
	}},
	{"a working store passes its check", "Check of a store that can be used returns nil", func(s *suite) {
		checker, ok := s.backend(sample()).(secrets.Checker)
		if !ok {
			s.Skip("not a Checker")
		}
		if err := checker.Check(s.Context()); !unsupported(err) {
			assert.NoError(s, err)
		}
	}},
	{"names are told without asking", "a Namer tells the same name each time, for names the store holds with ok true", func(s *suite) {
		b := s.backend(sample())
		namer, ok := b.(secrets.Namer)
		if !ok {
			s.Skip("not a Namer")
		}
		name, ok := namer.StoreName(secrets.KindConnection, "smtp_default")
		if name == "" && !ok {
			s.Skip("a wrapper around something that is no Namer")
		}
		assert.True(s, ok)
		assert.NotEmpty(s, name)
		again, _ := namer.StoreName(secrets.KindConnection, "smtp_default")
		assert.Equal(s, name, again)
		_, ok = namer.StoreName(secrets.KindConnection, "")
		assert.False(s, ok, "the blank name is never asked for")
	}},
}
