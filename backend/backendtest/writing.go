package backendtest

import (
	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var writeChecks = []check{
	{"writes variables", "what a Writer has stored is read back byte for byte, replaced by the next write, and gone after its deletion", func(s *suite) {
		b, w := s.writer(sample())
		for _, value := range []string{planted, "second " + planted, "  {\"a\": 1}\n"} {
			require.NoError(s, w.SetVariable(s.Context(), "written", value))
			got, err := b.GetVariable(s.Context(), "written")
			require.NoError(s, err)
			assert.True(s, got == value, "another value was read back")
		}
		require.NoError(s, w.DeleteVariable(s.Context(), "written"))
		_, err := b.GetVariable(s.Context(), "written")
		s.notFound(err)
		s.notFound(w.DeleteVariable(s.Context(), "written"))
	}},
	{"writes connections", "what a Writer has stored is read back equal, replaced by the next write, and gone after its deletion", func(s *suite) {
		b, w := s.writer(sample())
		for _, text := range []string{
			"mysql://u:" + planted + "@host:3306/db?a=1",
			`{"conn_type": "http", "host": "https://api.example.com", "password": "p%2F` + planted + `", "extra": {"n": 12345678901234567890, "list": [1, null]}}`,
		} {
			c, err := secrets.Parse(text)
			require.NoError(s, err)
			c.ID = "written"
			require.NoError(s, w.SetConnection(s.Context(), c))
			conns, err := b.GetConnections(s.Context(), "written")
			require.NoError(s, err)
			require.Len(s, conns, 1)
			s.sameConnection(conns[0], "written", text)
		}
		require.NoError(s, w.DeleteConnection(s.Context(), "written"))
		_, err := b.GetConnections(s.Context(), "written")
		s.notFound(err)
		s.notFound(w.DeleteConnection(s.Context(), "written"))
	}},
	{"refuses what cannot be stored", "bad input is refused with ErrMalformed before anything is written", func(s *suite) {
		b, w := s.writer(sample())
		for name, c := range map[string]secrets.Connection{
			"no id":             {Type: "mysql"},
			"a bad id":          {ID: "a b", Type: "mysql"},
			"extra no object":   {ID: "x", Type: "mysql", Extra: secrets.NewSecret(`["` + planted + `"]`)},
			"port out of range": {ID: "x", Type: "mysql", Port: 65536},
		} {
			err := w.SetConnection(s.Context(), c)
			require.Error(s, err, name)
			s.onlyClass(err, secrets.ErrMalformed)
		}
		require.Error(s, w.SetVariable(s.Context(), "", planted), "a blank key")
		_, err := b.GetConnections(s.Context(), "x")
		s.notFound(err)
	}},
}

func (s *suite) writer(content Content) (secrets.Backend, secrets.Writer) {
	s.Helper()
	b := s.backend(content)
	w, ok := b.(secrets.Writer)
	if !ok || unsupported(w.DeleteVariable(s.Context(), "written")) {
		s.Skip("not a Writer")
	}
	return b, w
}
