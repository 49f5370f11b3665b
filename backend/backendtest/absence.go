package backendtest

import (
	"strings"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var absenceChecks = []check{
	{"absent names are not found", "absence is an error wrapping ErrNotFound, and no other class", func(s *suite) {
		b := s.backend(sample())
		for _, id := range []string{"absent", "smtp_defaul", "smtp_default2", "hello/world", " hello", " smtp_default"} {
			s.absent(b, id)
		}
	}},
	{"an empty store holds nothing", "a store without content is no failure", func(s *suite) {
		b := s.backend(Content{})
		s.absent(b, "smtp_default")
	}},
	{"impossible names are not found", "a name that the store cannot hold is absent: not an error of its own, no panic, nobody else's value", func(s *suite) {
		b := s.backend(sample())
		for _, id := range []string{"", " ", "a b", "..", "../smtp_default", "/", "a//b", "line\nbreak", "nul\x00", "per%cent", "wild*card",
			"\xff\xfe", strings.Repeat("long", 1000)} {
			s.absent(b, id)
		}
	}},
	{"kinds do not mix", "a connection is no variable and no config value, and the other way round", func(s *suite) {
		b := s.backend(sample())
		_, err := b.GetVariable(s.Context(), "smtp_default")
		s.notFound(err)
		_, err = b.GetConnections(s.Context(), "hello")
		s.notFound(err)
		if _, err, able := s.config(s.Context(), b, "hello"); able {
			s.notFound(err)
			_, err = b.GetVariable(s.Context(), "sql_alchemy_conn")
			s.notFound(err)
		}
	}},
	{"a blank connection is not found", "Airflow takes a blank connection for none (specification, lookup A5)", func(s *suite) {
		if s.h.NoBlanks || s.h.NoMalformed {
			s.Skip("this store cannot hold a blank connection")
		}
		b := s.backend(Content{Connections: map[string][]string{"blank": {""}}})
		s.absentConnection(b, "blank")
	}},
}

func (s *suite) absent(b secrets.Backend, id string) {
	s.Helper()
	s.absentConnection(b, id)
	text, err := b.GetVariable(s.Context(), id)
	s.notFound(err)
	assert.True(s, text == "", "a text came with the error")
	if text, err, able := s.config(s.Context(), b, id); able {
		s.notFound(err)
		assert.True(s, text == "", "a text came with the error")
	}
}

func (s *suite) absentConnection(b secrets.Backend, id string) {
	s.Helper()
	conns, err := b.GetConnections(s.Context(), id)
	s.notFound(err)
	assert.Empty(s, conns)
	uri, err := b.GetConnURI(s.Context(), id)
	s.notFound(err)
	assert.True(s, uri == "", "a URI came with the error")
}

func (s *suite) notFound(err error) {
	s.Helper()
	require.Error(s, err)
	assert.ErrorIs(s, err, secrets.ErrNotFound)
	s.onlyClass(err, secrets.ErrNotFound)
}

// onlyClass demands that err wraps class and no other.
func (s *suite) onlyClass(err, class error) {
	s.Helper()
	for _, other := range []error{secrets.ErrNotFound, secrets.ErrDenied, secrets.ErrUnavailable, secrets.ErrMalformed} {
		if other != class {
			assert.NotErrorIs(s, err, other)
		}
	}
	assert.ErrorIs(s, secrets.ClassOf(err), class)
	NoLeak(s, planted, err)
}
