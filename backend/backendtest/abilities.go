package backendtest

import (
	"fmt"
	"slices"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var abilityChecks = []check{
	{"config", "a ConfigGetter reads config values byte for byte and tells absent ones", func(s *suite) {
		values := sample().Config
		if !s.h.TrimsValues {
			values["spaces"] = "  " + planted + " \n"
		}
		if !s.h.NoBlanks {
			values["blank"] = ""
		}
		b := s.backend(Content{Config: values})
		for key, want := range values {
			text, err, able := s.config(s.Context(), b, key)
			if !able {
				s.Skip("not a ConfigGetter")
			}
			require.NoErrorf(s, err, "config value %q", key)
			assert.Truef(s, text == want, "config value %q: got %d bytes, want %d, or other ones", key, len(text), len(want))
		}
		_, err, _ := s.config(s.Context(), b, "absent")
		s.notFound(err)
	}},
	{"batches equal single reads", "a Batcher gives what single reads give; absent names are absent from the map and no error", func(s *suite) {
		content := Content{Connections: map[string][]string{}, Variables: map[string]string{}}
		ids := []string{"", " ", "a b", "..", "/", "line\nbreak", "per%cent", "wild*card"} // absent: nobody can hold them
		for i := range 45 {                                                                // more than a batch of any store
			id := fmt.Sprintf("name_%02d", i)
			ids = append(ids, id, "absent_"+id)
			content.Connections[id] = []string{fmt.Sprintf("mysql://u:%s%d@host%d", planted, i, i)}
			content.Variables[id] = fmt.Sprintf("%s %d", planted, i)
		}
		ids = append(ids, "name_00") // asked for twice
		if !s.h.OneConnection {
			content.Connections["name_01"] = append(content.Connections["name_01"], "mysql://u:"+planted+"@second")
		}
		if !s.h.NoBlanks {
			content.Variables["name_02"] = ""
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
			got, found := texts[key]
			assert.Truef(s, found && got == want, "variable %q differs from its single read", key)
		}
		conns, err := batcher.GetConnectionMap(s.Context(), ids)
		require.NoError(s, err)
		require.Len(s, conns, len(content.Connections))
		for id, want := range content.Connections {
			require.Lenf(s, conns[id], len(want), "connection %q", id)
			for i := range want {
				s.sameConnection(conns[id][i], id, want[i])
			}
		}
		texts, err = batcher.GetVariables(s.Context(), nil)
		require.NoError(s, err)
		assert.Empty(s, texts)
	}},
	{"lists its names", "a Lister tells every name of a kind, each once, and no other", func(s *suite) {
		names := []string{"alpha", "beta", "gamma"}
		content := Content{Connections: map[string][]string{}, Variables: map[string]string{"only": planted}, Config: map[string]string{"key": planted}}
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
		if _, _, able := s.config(s.Context(), b, "key"); able {
			got, err = lister.List(s.Context(), secrets.KindConfig)
			require.NoError(s, err)
			assert.Equal(s, []string{"key"}, got)
		}
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
