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

		batcher, ok := b.(secrets.Batcher)
		if !ok {
			return
		}
		found, err := batcher.GetConnectionMap(s.Context(), []string{"bad_uri", "good", "bad_json"})
		if !unsupported(err) {
			require.Error(s, err, "a batch with malformed connections")
			s.onlyClass(err, secrets.ErrMalformed)
			assert.Len(s, found, 1, "what is good in a batch is found")
			assert.Len(s, found["good"], 1)
		}
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
			stalled := func() []call {
				b := s.h.Stall(s.T)
				s.Cleanup(func() { closeBackend(b) })
				return append(s.reads(b), s.writes(b)...)
			}
			for i := range stalled() {
				c := stalled()[i] // a fresh one: a wrapper may have learnt from the last
				ctx, cancel := end(s.Context())
				err := s.ends(ctx, name, c)
				if unsupported(err) {
					cancel()
					continue
				}
				require.Errorf(s, err, "%s: %s", name, c.name)
				assert.ErrorIsf(s, err, ctx.Err(), "%s: %s", name, c.name)
				assert.NotErrorIsf(s, err, secrets.ErrNotFound, "%s: %s", name, c.name)
				NoLeak(s, planted, err)
				cancel()
			}
		}
	}},
	{"a context that has ended reads nothing wrong", "with an ended context a call gives the value or the context's error, and never an absence", func(s *suite) {
		b := s.backend(sample())
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		for _, c := range append(s.reads(b), s.writes(b)...) {
			complete, err := c.run(ctx)
			if err == nil {
				assert.Truef(s, complete, "%s: no error, and no value", c.name)
			} else if !unsupported(err) {
				assert.ErrorIs(s, err, context.Canceled, c.name)
				assert.NotErrorIs(s, err, secrets.ErrNotFound, c.name)
			}
		}
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
	for _, c := range append(s.reads(b), s.writes(b)...) {
		_, err := c.run(s.Context())
		if unsupported(err) {
			continue
		}
		require.Errorf(s, err, "%s of a failing store", c.name)
		s.onlyClass(err, class)
	}
}

// patience is how long a call may go on after its context has ended: no measure of speed, but an end of the wait.
const patience = 30 * time.Second

// ends makes a call whose context is about to end.
func (s *suite) ends(ctx context.Context, name string, c call) error {
	s.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := c.run(ctx)
		done <- err
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		s.Fatalf("%s: %s still waits %v later", name, c.name, patience)
		return nil
	}
}
