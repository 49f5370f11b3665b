package backend_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// texts is a store of texts under names.
type texts map[string]string

func (s texts) fetch(_ context.Context, name string) (string, error) {
	text, ok := s[name]
	if !ok {
		return "", secrets.ErrNotFound
	}
	return text, nil
}

func (s texts) fetchMany(_ context.Context, names []string) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range names {
		if text, ok := s[name]; ok {
			found[name] = text
		}
	}
	return found, nil
}

func (s texts) list(_ context.Context, _ string, yield func(string) bool) error {
	for name := range maps.Keys(s) {
		if !yield(name) {
			break
		}
	}
	return nil
}

func holding(content backendtest.Content) texts {
	s := texts{}
	for name, text := range content.Named("airflow/connections/", "airflow/variables/", "airflow/config/") {
		s[name] = text
	}
	return s
}

func TestTextStoreIsABackend(t *testing.T) {
	for name, more := range map[string]func(texts) backend.TextOptions{
		"of one fetch": func(texts) backend.TextOptions { return backend.TextOptions{} },
		"with every ability": func(s texts) backend.TextOptions {
			return backend.TextOptions{FetchMany: s.fetchMany, List: s.list, Check: func(context.Context) error { return nil }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				OneConnection: true,
				Make: func(_ *testing.T, content backendtest.Content) secrets.Backend {
					s := holding(content)
					return backend.NewTextStore(s.fetch, backend.Naming{}, more(s))
				},
				Fail: func(_ *testing.T, class error) secrets.Backend {
					return backend.NewTextStore(func(context.Context, string) (string, error) { return "", class }, backend.Naming{})
				},
				Stall: func(*testing.T) secrets.Backend {
					return backend.NewTextStore(func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }, backend.Naming{})
				},
			})
		})
	}
}

func TestTextStoreTellsTheStoreName(t *testing.T) {
	s := holding(backendtest.Content{Connections: map[string][]string{"bad": {"pLanted5ecret"}, "blank": {""}}})
	b := backend.NewTextStore(s.fetch, backend.Naming{})
	for id, class := range map[string]error{"bad": secrets.ErrMalformed, "blank": secrets.ErrNotFound, "absent": secrets.ErrNotFound} {
		_, err := b.GetConnections(t.Context(), id)
		var e *secrets.Error
		require.ErrorAs(t, err, &e)
		assert.ErrorIs(t, err, class)
		assert.Equal(t, "airflow/connections/"+id, e.StoreName)
		assert.Equal(t, 1, strings.Count(err.Error(), "get connection"), "the error says it once")
		backendtest.NoLeak(t, "pLanted5ecret", err)
	}
}

// Where the store's calls take less than the full name, errors and StoreName tell all of it, and Fetch gets what it is for.
func TestTextStoreTellsTheFullName(t *testing.T) {
	names := backend.Naming{Full: func(name string) string { return "project/" + name }}
	fails := errors.New("?")
	fetch := func(_ context.Context, name string) (string, error) {
		assert.NotContains(t, name, "project/")
		return "", fails
	}
	b := backend.NewTextStore(fetch, names, backend.TextOptions{
		Check: func(ctx context.Context) error { return backend.CheckByLookup(ctx, &names, fetch) },
	})
	name, ok := b.StoreName(secrets.KindVariable, "a")
	assert.Equal(t, "project/airflow/variables/a", name)
	assert.True(t, ok)
	_, err := b.GetVariable(t.Context(), "a")
	assert.ErrorContains(t, err, "(project/airflow/variables/a)")
	assert.ErrorContains(t, b.Check(t.Context()), "(project/airflow/connections/")
	fails = secrets.ErrNotFound
	_, err = b.GetVariable(t.Context(), "a")
	assert.EqualError(t, err, `get variable "a" (project/airflow/variables/a): not found`)
	name, ok = backend.NewTextStore(fetch, backend.Naming{Variables: backend.Off, Full: names.Full}).StoreName(secrets.KindVariable, "a")
	assert.Empty(t, name, "what is off has no name")
	assert.False(t, ok)
}

func TestTextStoreRefusesOddText(t *testing.T) {
	s := holding(backendtest.Content{Variables: map[string]string{"latin1": "caf\xe9", "huge": strings.Repeat("x", backend.MaxText+1)}})
	b := backend.NewTextStore(s.fetch, backend.Naming{})
	for key := range map[string]bool{"latin1": true, "huge": true} {
		_, err := b.GetVariable(t.Context(), key)
		assert.ErrorIsf(t, err, secrets.ErrMalformed, "variable %q", key)
	}
}

func TestTextStoreOffAndExcludedMakeNoCall(t *testing.T) {
	calls := 0
	pattern, err := backend.NewPattern("mine")
	require.NoError(t, err)
	b := backend.NewTextStore(func(context.Context, string) (string, error) { calls++; return "x", nil },
		backend.Naming{Connections: backend.Off, VariablesPattern: pattern, Config: backend.At("c"), Valid: func(name string) bool { return !strings.Contains(name, " ") }})
	_, err = b.GetConnections(t.Context(), "db")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = b.GetVariable(t.Context(), "yours")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = b.GetConfig(t.Context(), "a b")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Zero(t, calls)
	_, err = b.GetVariable(t.Context(), "mine_too")
	require.NoError(t, err)
	assert.Equal(t, 1, calls)
}

func TestTextStoreTeams(t *testing.T) {
	s := holding(backendtest.Content{Variables: map[string]string{"red--a": "team", "a": "global", "b": "global"}})
	b := backend.NewTextStore(s.fetch, backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, backend.TextOptions{FetchMany: s.fetchMany})
	for key, want := range map[string]string{"a": "team", "b": "global"} {
		got, err := b.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.Truef(t, got == want, "variable %q is the wrong one", key)
	}
	blank := holding(backendtest.Content{Connections: map[string][]string{"red--a": {""}, "a": {"mysql://global"}, "red--b": {""}}})
	c := backend.NewTextStore(blank.fetch, backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, backend.TextOptions{FetchMany: blank.fetchMany})
	conns, err := c.GetConnections(t.Context(), "a")
	require.NoError(t, err, "a blank connection of a team is none")
	assert.Equal(t, "global", conns[0].Host)
	_, err = c.GetConnections(t.Context(), "b")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	all, err := c.GetConnectionMap(t.Context(), []string{"a", "b"})
	require.NoError(t, err)
	assert.Len(t, all, 1)
	assert.Len(t, all["a"], 1)

	_, err = b.GetVariable(t.Context(), "red--a")
	assert.ErrorIs(t, err, secrets.ErrDenied)
	many, err := b.GetVariables(t.Context(), []string{"a", "b", "absent"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, slices.Sorted(maps.Keys(many)))
	assert.True(t, many["a"] == "team" && many["b"] == "global", "the batch differs from single reads")
	many, err = b.GetVariables(t.Context(), []string{"a", "red--a"})
	assert.ErrorIs(t, err, secrets.ErrDenied, "one refused id is told")
	assert.Len(t, many, 1, "and breaks no other")
}

func TestTextStoreListsWhatATeamCanRead(t *testing.T) {
	s := holding(backendtest.Content{
		Variables: map[string]string{"red--a": "", "a": "", "b": "", "red--own": "", "blue--theirs": "", "red--": "", "-c": "", "red--x--y": ""},
		Config:    map[string]string{"a": "", "red--a": ""},
	})
	b := backend.NewTextStore(s.fetch, backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, backend.TextOptions{List: s.list})
	for kind, want := range map[secrets.Kind][]string{secrets.KindVariable: {"a", "b", "own"}, secrets.KindConfig: {"a"}} {
		ids, err := b.List(t.Context(), kind)
		require.NoError(t, err)
		slices.Sort(ids)
		assert.Equal(t, want, ids)
		for _, id := range ids {
			_, err := b.GetVariable(t.Context(), id)
			assert.NoErrorf(t, err, "what is listed is found: %q", id)
		}
	}
}

func TestTextStoreBatchKeepsWhatItFound(t *testing.T) {
	s := holding(backendtest.Content{Connections: map[string][]string{"good": {"mysql://h"}, "bad": {"pLanted5ecret"}}})
	b := backend.NewTextStore(s.fetch, backend.Naming{}, backend.TextOptions{FetchMany: s.fetchMany})
	found, err := b.GetConnectionMap(t.Context(), []string{"good", "bad", "absent"})
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Len(t, found, 1)
	backendtest.NoLeak(t, "pLanted5ecret", err)

	down := backend.NewTextStore(s.fetch, backend.Naming{}, backend.TextOptions{FetchMany: func(ctx context.Context, names []string) (map[string]string, error) {
		found, _ := s.fetchMany(ctx, names)
		return found, secrets.ErrUnavailable
	}})
	found, err = down.GetConnectionMap(t.Context(), []string{"good"})
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.Len(t, found, 1)
}

func TestTextStoreWithoutAbilities(t *testing.T) {
	b := backend.NewTextStore(texts{}.fetch, backend.Naming{})
	_, err := b.List(t.Context(), secrets.KindVariable)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.EqualError(t, err, "list variable: unsupported operation")
	_, err = b.GetVariables(t.Context(), []string{"a"})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorIs(t, b.Check(t.Context()), errors.ErrUnsupported)
	assert.NoError(t, b.Close())
	assert.Panics(t, func() { backend.NewTextStore(nil, backend.Naming{}) })
}

func TestTextStoreIsClosedOnce(t *testing.T) {
	ended := make(chan struct{})
	b := backend.NewTextStore(texts{}.fetch, backend.Naming{}, backend.TextOptions{Close: func() error {
		close(ended) // a second time it would panic
		return errors.New("the connection was lost")
	}})
	assert.Error(t, b.Close())
	assert.NoError(t, b.Close())
	<-ended
}

// After Close nothing is asked any more, not even whether the kind is on, and a call under way that fails has failed for it.
func TestTextStoreIsClosedForGood(t *testing.T) {
	asked, answer := make(chan struct{}, 1), make(chan error, 1)
	b := backend.NewTextStore(func(context.Context, string) (string, error) {
		asked <- struct{}{}
		return "", <-answer
	}, backend.Naming{Config: backend.Off})
	ended := make(chan error, 1)
	go func() { _, err := b.GetVariable(t.Context(), "a"); ended <- err }()
	wiretest.Await(t, asked, "the store to be asked")
	require.NoError(t, b.Close())
	answer <- secrets.ErrUnavailable
	assert.Equal(t, secrets.ErrClosed, secrets.ClassOf(wiretest.Await(t, ended, "the lookup to end")))

	_, err := b.GetVariable(t.Context(), "a")
	assert.EqualError(t, err, `get variable "a" (airflow/variables/a): closed`)
	_, err = b.GetConfig(t.Context(), "off")
	assert.ErrorIs(t, err, secrets.ErrClosed)
}
