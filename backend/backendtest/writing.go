package backendtest

import (
	"fmt"
	"sync"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var writeChecks = []check{
	{"writes variables", "what a Writer has stored is read back byte for byte, replaced by the next write, and gone after its deletion", func(s *suite) {
		b, w := s.writer(sample())
		values := []string{planted, "second " + planted, "  {\"a\": 1}\n"}
		if !s.h.NoBlanks {
			values = append(values, "")
		}
		for _, value := range values {
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
		err := w.SetVariable(s.Context(), "", planted)
		require.Error(s, err, "a blank key")
		s.onlyClass(err, secrets.ErrMalformed)
		_, err = b.GetConnections(s.Context(), "x")
		s.notFound(err)
	}},
	{"writes leave the rest alone", "a write concerns one name of one kind", func(s *suite) {
		b, w := s.writer(sample())
		c, err := secrets.Parse("mysql://host")
		require.NoError(s, err)
		for _, id := range []string{"hello", "other"} {
			c.ID = id
			require.NoError(s, w.SetConnection(s.Context(), c))
			require.NoError(s, w.DeleteConnection(s.Context(), id))
		}
		for _, key := range []string{"smtp_default", "other"} {
			require.NoError(s, w.SetVariable(s.Context(), key, planted))
			require.NoError(s, w.DeleteVariable(s.Context(), key))
		}
		for _, r := range s.reads(b) {
			complete, err := r.run(s.Context())
			if !unsupported(err) {
				require.NoError(s, err, r.name)
				assert.True(s, complete, r.name)
			}
		}
	}},
	{"many writers", "every method is safe for concurrent use", func(s *suite) {
		b, w := s.writer(sample())
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				key := fmt.Sprintf("writer_%d", i)
				for n := range 4 {
					want := fmt.Sprintf("%s %d", planted, n)
					assert.NoError(s, w.SetVariable(s.Context(), key, want))
					got, err := b.GetVariable(s.Context(), key)
					assert.NoError(s, err)
					assert.True(s, got == want, "another value was read back")
				}
				assert.NoError(s, w.DeleteVariable(s.Context(), key))
			})
		}
		wg.Wait()
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
