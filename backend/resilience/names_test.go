package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

func TestRename(t *testing.T) {
	f := backendtest.NewFake(backendtest.Content{
		Variables:   map[string]string{"prod.k": planted, "other": "x"},
		Connections: map[string][]string{"prod.db": {"mysql://u:" + planted + "@h"}},
	})
	b := resilience.Rename(f,
		func(_ secrets.Kind, id string) (string, bool) { return "prod." + id, id != "never" },
		func(_ secrets.Kind, name string) (string, bool) { return strings.CutPrefix(name, "prod.") })
	_, err := b.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "db", conns[0].ID)
	ids, err := b.(secrets.Lister).List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Equal(t, []string{"k"}, ids)
	_, err = b.GetVariable(t.Context(), "absent")
	assert.EqualError(t, err, `get variable "absent" (prod.absent): not found`)
	calls := f.Calls()
	_, err = b.GetVariable(t.Context(), "never")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Equal(t, calls, f.Calls(), "without a call")
	many, err := b.(secrets.Batcher).GetConnectionMap(t.Context(), []string{"db", "never", "absent"})
	require.NoError(t, err)
	require.Len(t, many, 1)
	assert.Equal(t, "db", many["db"][0].ID)
	require.NoError(t, b.(secrets.Writer).SetVariable(t.Context(), "new", "v"))
	_, err = f.GetVariable(t.Context(), "prod.new")
	assert.NoError(t, err)
	assert.ErrorIs(t, b.(secrets.Writer).SetVariable(t.Context(), "never", "v"), errors.ErrUnsupported)
}

// TestRenameKeepsTheClass: an error is said under the outer name, and nothing of what went wrong is lost.
func TestRenameKeepsTheClass(t *testing.T) {
	absent := &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: "prod.k", Err: secrets.ErrNotFound}
	for name, tc := range map[string]struct {
		err   error
		class error
		text  string
	}{
		"an absence":               {absent, secrets.ErrNotFound, `get variable "k" (prod.k): not found`},
		"an absence and an outage": {errors.Join(absent, secrets.ErrUnavailable), secrets.ErrUnavailable, "unavailable"},
		"an outage by an absence":  {fmt.Errorf("%w: the store's own store says: %w", secrets.ErrUnavailable, absent), secrets.ErrUnavailable, "the store's own store"},
		"something else":           {errors.New("x"), secrets.ErrUnavailable, `get variable "k" (prod.k): x`},
	} {
		t.Run(name, func(t *testing.T) {
			b := resilience.Rename(secrets.Funcs{Variable: func(context.Context, string) (string, error) { return "", tc.err }},
				func(_ secrets.Kind, id string) (string, bool) { return "prod." + id, true }, nil)
			_, err := b.GetVariable(t.Context(), "k")
			assert.Equal(t, tc.class, secrets.ClassOf(err))
			assert.ErrorContains(t, err, tc.text)
			assert.ErrorContains(t, err, `get variable "k" (prod.k): `)
		})
	}
}

// sharing is a backend that gives every caller the same connections, and no map where it finds nothing.
type sharing struct {
	secrets.Backend
	conns []secrets.Connection
}

func (s *sharing) GetConnections(context.Context, string) ([]secrets.Connection, error) {
	return s.conns, nil
}

func (s *sharing) GetVariables(context.Context, []string) (map[string]string, error) { return nil, nil }

func (s *sharing) GetConnectionMap(context.Context, []string) (map[string][]secrets.Connection, error) {
	return nil, nil
}

func TestWrappersChangeNothingOfTheirBackend(t *testing.T) {
	inner := &sharing{conns: []secrets.Connection{{ID: "prod.db", Host: "h"}}}
	b := resilience.Rename(inner, func(_ secrets.Kind, id string) (string, bool) { return "prod." + id, true }, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			conns, err := b.GetConnections(t.Context(), "db")
			assert.NoError(t, err)
			assert.Equal(t, "db", conns[0].ID)
		})
	}
	wg.Wait()
	assert.Equal(t, "prod.db", inner.conns[0].ID)

	f := resilience.Fallback(inner, resilience.FallbackTexts{Variables: map[string]secrets.Secret{"d": secrets.NewSecret("x")},
		Connections: map[string]secrets.Secret{"d": secrets.NewSecret("mysql://h")}}).(secrets.Batcher)
	texts, err := f.GetVariables(t.Context(), []string{"d", "absent"})
	require.NoError(t, err)
	assert.Len(t, texts, 1)
	conns, err := f.GetConnectionMap(t.Context(), []string{"d", "absent"})
	require.NoError(t, err)
	assert.Len(t, conns, 1)
}

func TestFallback(t *testing.T) {
	f := store()
	b := resilience.Fallback(f, resilience.FallbackTexts{
		Connections: map[string]secrets.Secret{"db": secrets.NewSecret("mysql://u:" + planted + "@h"), "bad": secrets.NewSecret(planted)},
		Variables:   map[string]secrets.Secret{"k": secrets.NewSecret("never"), "d": secrets.NewSecret("default")},
	})
	got, err := b.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, got == planted, "the store's own value wins")
	got, err = b.GetVariable(t.Context(), "d")
	require.NoError(t, err)
	assert.True(t, got == "default")
	uri, err := b.GetConnURI(t.Context(), "db")
	require.NoError(t, err)
	assert.NotEmpty(t, uri)
	_, err = b.GetConnections(t.Context(), "bad")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, planted, err)
	found, err := b.(secrets.Batcher).GetVariables(t.Context(), []string{"k", "d", "absent"})
	require.NoError(t, err)
	assert.Len(t, found, 2)
	f.Fail(secrets.ErrUnavailable)
	_, err = b.GetVariable(t.Context(), "d")
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "an outage is not hidden")
}
