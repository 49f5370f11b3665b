package backendtest

import (
	"context"
	"time"

	"github.com/secretchain/secrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var failureChecks = []check{
	{"a malformed connection is malformed", "a value that cannot be used is ErrMalformed, never an absence, and its error shows none of it", func(s *suite) {
		if s.h.NoMalformed {
			s.Skip("this store cannot hold a malformed connection")
		}
		b := s.backend(Content{Connections: map[string][]string{
			"bad_uri":  {"mysql://user:" + planted + "/slash@host/db"},
			"bad_json": {`{"conn_type": "mysql", "password": "` + planted + `", "port": "` + planted + `"}`},
			"good":     {"mysql://host"},
		}})
		for _, id := range []string{"bad_uri", "bad_json"} {
			conns, err := b.GetConnections(s.Context(), id)
			require.Errorf(s, err, "connection %q", id)
			assert.Empty(s, conns)
			s.onlyClass(err, secrets.ErrMalformed)
			_, err = b.GetConnURI(s.Context(), id)
			require.Errorf(s, err, "connection %q", id)
			s.onlyClass(err, secrets.ErrMalformed)
		}
		_, err := b.GetConnections(s.Context(), "good")
		assert.NoError(s, err, "one bad value must not break another")
	}},
	{"a refusal is denied", "a refusal is ErrDenied, for every kind, and never an absence", func(s *suite) {
		s.fails(secrets.ErrDenied)
	}},
	{"an outage is unavailable", "no answer is ErrUnavailable, for every kind, and never an absence", func(s *suite) {
		s.fails(secrets.ErrUnavailable)
	}},
	{"an ended context ends the call", "a call returns promptly when its context ends, with the context's error and never an absence", func(s *suite) {
		if s.h.Stall == nil {
			s.Skip("this store answers from memory or disk")
		}
		for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(20*time.Millisecond, cancel)
				return ctx, cancel
			},
			"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 20*time.Millisecond)
			},
		} {
			b := s.h.Stall(s.T)
			s.Cleanup(func() { closeBackend(b) })
			for _, read := range s.reads(b) {
				ctx, cancel := end(s.Context())
				err := read(ctx)
				require.Errorf(s, err, "%s", name)
				assert.ErrorIsf(s, err, ctx.Err(), "%s", name)
				assert.NotErrorIsf(s, err, secrets.ErrNotFound, "%s", name)
				NoLeak(s, planted, err)
				cancel()
			}
		}
	}},
	{"a context that has ended reads nothing wrong", "with an ended context a call gives the value or the context's error, and never an absence", func(s *suite) {
		b := s.backend(sample())
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		text, err := b.GetVariable(ctx, "hello")
		if err == nil {
			assert.True(s, text == sample().Variables["hello"])
			return
		}
		assert.ErrorIs(s, err, context.Canceled)
		assert.NotErrorIs(s, err, secrets.ErrNotFound)
	}},
}

// fails demands that every read of a failing store has the class.
func (s *suite) fails(class error) {
	s.Helper()
	if s.h.Fail == nil {
		s.Skip("this store cannot be made to fail")
	}
	b := s.h.Fail(s.T, class)
	if b == nil {
		s.Skipf("this store cannot be made to fail with %v", class)
	}
	s.Cleanup(func() { closeBackend(b) })
	for _, read := range s.reads(b) {
		err := read(s.Context())
		require.Error(s, err)
		s.onlyClass(err, class)
	}
	if c, ok := b.(secrets.Checker); ok {
		if err := c.Check(s.Context()); !unsupported(err) {
			require.Error(s, err, "Check of a failing store")
			s.onlyClass(err, class)
		}
	}
	if batcher, ok := b.(secrets.Batcher); ok {
		if _, err := batcher.GetVariables(s.Context(), []string{"hello"}); !unsupported(err) {
			require.Error(s, err, "GetVariables of a failing store")
			s.onlyClass(err, class)
		}
	}
}

// reads are the reads of every kind that b has.
func (s *suite) reads(b secrets.Backend) []func(context.Context) error {
	all := []func(context.Context) error{
		func(ctx context.Context) error { _, err := b.GetConnections(ctx, "smtp_default"); return err },
		func(ctx context.Context) error { _, err := b.GetConnURI(ctx, "smtp_default"); return err },
		func(ctx context.Context) error { _, err := b.GetVariable(ctx, "hello"); return err },
	}
	if g, ok := b.(secrets.ConfigGetter); ok && !s.h.NoConfig {
		all = append(all, func(ctx context.Context) error { _, err := g.GetConfig(ctx, "sql_alchemy_conn"); return err })
	}
	return all
}
