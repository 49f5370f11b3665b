package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// asked records the names that a store is asked for, batch by batch.
type asked struct {
	*backendtest.Fake
	mu      sync.Mutex
	batches [][]string
	single  []string
}

func (a *asked) note(batch []string, single ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if batch != nil {
		a.batches = append(a.batches, slices.Sorted(slices.Values(batch)))
	}
	a.single = append(a.single, single...)
}

func (a *asked) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	a.note(keys)
	return a.Fake.GetVariables(ctx, keys)
}

func (a *asked) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	a.note(ids)
	return a.Fake.GetConnectionMap(ctx, ids)
}

func (a *asked) GetVariable(ctx context.Context, key string) (string, error) {
	a.note(nil, key)
	return a.Fake.GetVariable(ctx, key)
}

func (a *asked) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	a.note(nil, id)
	return a.Fake.GetConnections(ctx, id)
}

func TestPrefetchInBatches(t *testing.T) {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable} {
		t.Run(kind.String(), func(t *testing.T) {
			first, second := &asked{Fake: fake("a", "1", "b", "1")}, &asked{Fake: fake("b", "2", "c", "2", "d", "2")}
			c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Minute},
				secrets.Layer{Name: "first", Backend: first}, secrets.Layer{Name: "second", Backend: second})
			require.NoError(t, c.Prefetch(t.Context(), kind, "a", "b", "c", "d", "absent", "a"))
			assert.Equal(t, [][]string{{"a", "absent", "b", "c", "d"}}, first.batches)
			assert.Equal(t, [][]string{{"absent", "c", "d"}}, second.batches, "only what is missing goes to the next layer")
			assert.Empty(t, append(first.single, second.single...))

			require.NoError(t, c.Prefetch(t.Context(), kind, "a", "b", "c", "d", "absent"))
			for name, want := range map[string]string{"a": "first", "b": "first", "c": "second", "d": "second", "absent": ""} {
				var layer string
				var isCached bool
				var err error
				if kind == secrets.KindConnection {
					var res secrets.Result[secrets.Connection]
					res, err = c.LookupConnection(t.Context(), name)
					layer, isCached = res.Layer, res.Cached
					if want != "" {
						assert.Equal(t, []string{name, "first"}, []string{res.Value.ID, res.Value.Host})
					}
				} else {
					var res secrets.Result[secrets.Secret]
					res, err = c.LookupVariable(t.Context(), name)
					layer, isCached = res.Layer, res.Cached
				}
				assert.Equal(t, want, layer, name)
				assert.True(t, isCached, name)
				assert.Equal(t, want == "", errors.Is(err, secrets.ErrNotFound), name)
			}
			assert.EqualValues(t, 2, c.Stats().BackendCalls)

			require.NoError(t, c.Prefetch(t.Context(), kind, "a", "new"))
			assert.Equal(t, []string{"new"}, first.single, "one name needs no batch")
		})
	}
}

func TestPrefetchNameByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, calls atomic.Int32
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: secrets.Funcs{
			Variable: func(_ context.Context, key string) (string, error) {
				calls.Add(1)
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				time.Sleep(time.Second)
				return "value of " + key, nil
			}}}}, &secrets.Options{Cache: &secrets.CacheOptions{}})
		require.NoError(t, err)
		var names []string
		for i := range 80 {
			names = append(names, strconv.Itoa(i))
		}
		start := time.Now()
		require.NoError(t, c.Prefetch(t.Context(), secrets.KindVariable, names...))
		assert.Equal(t, 10*time.Second, time.Since(start), "eight at a time")
		assert.EqualValues(t, 8, most.Load())
		for _, name := range names {
			text, err := c.GetVariable(t.Context(), name)
			require.NoError(t, err)
			assert.Equal(t, "value of "+name, text)
		}
		assert.EqualValues(t, 80, calls.Load())
		require.NoError(t, c.Close())
	})
}

func TestPrefetchConfig(t *testing.T) {
	store := fake("a", "1", "b", "2")
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "without config", Backend: readOnly{fake("a", "x")}},
		secrets.Layer{Name: "wrapper without config", Backend: unable(fake("a", "x"))}, secrets.Layer{Name: "store", Backend: store})
	require.NoError(t, c.Prefetch(t.Context(), secrets.KindConfig, "a", "b", "absent"))
	assert.Equal(t, 3, store.Calls())
	text, err := c.GetConfig(t.Context(), "b")
	require.NoError(t, err)
	assert.True(t, text == "2")
	assert.Equal(t, 3, store.Calls())
	assert.EqualValues(t, 0, c.Stats().Errors)
}

func TestPrefetchWithoutBatchesAfterAll(t *testing.T) {
	store := fake("a", "1", "b", "2")
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: unable(store)})
	require.NoError(t, c.Prefetch(t.Context(), secrets.KindVariable, "a", "b"))
	assert.Equal(t, 2, store.Calls())
	assert.Equal(t, 2, c.Stats().Entries)
	assert.EqualValues(t, 0, c.Stats().Errors)
}

func TestPrefetchFailures(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	t.Run("an outage ends it", func(t *testing.T) {
		for kind, wrap := range map[string]func(*backendtest.Fake) secrets.Backend{
			"in batches":   func(f *backendtest.Fake) secrets.Backend { return f },
			"name by name": func(f *backendtest.Fake) secrets.Backend { return readOnly{f} },
		} {
			store, second := fake(), fake("a", "1")
			store.Fail(fmt.Errorf("%w: no route", secrets.ErrUnavailable))
			c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour},
				secrets.Layer{Name: "store", Backend: wrap(store)}, secrets.Layer{Name: "second", Backend: second})
			err := c.Prefetch(t.Context(), secrets.KindVariable, names...)
			require.ErrorIs(t, err, secrets.ErrUnavailable, kind)
			assert.ErrorContains(t, err, `prefetch variable "a": layer "store": unavailable: no route`)
			assert.LessOrEqual(t, store.Calls(), 8, "the other names are not tried: %s", kind)
			assert.Zero(t, second.Calls())
			assert.Zero(t, c.Stats().Entries, "a failure is not an absence")
			assert.EqualValues(t, store.Calls(), c.Stats().Errors)
		}
	})
	t.Run("an outage that is passed over", func(t *testing.T) {
		store, second := fake("a", "1"), fake("a", "2")
		store.Fail(secrets.ErrUnavailable)
		c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour},
			secrets.Layer{Name: "store", Backend: store, ContinueOn: []error{secrets.ErrUnavailable}}, secrets.Layer{Name: "second", Backend: second})
		err := c.Prefetch(t.Context(), secrets.KindVariable, names...)
		require.ErrorIs(t, err, secrets.ErrUnavailable, "it is told all the same")
		assert.Zero(t, c.Stats().Entries, "what was found past it is not kept")
	})
	t.Run("one bad value breaks no other", func(t *testing.T) {
		store := backendtest.NewFake(backendtest.Content{Connections: map[string][]string{
			"a": {"mysql://a"}, "bad": {"no connection"}, "b": {"mysql://b"}}})
		c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour}, secrets.Layer{Name: "store", Backend: store})
		err := c.Prefetch(t.Context(), secrets.KindConnection, "a", "bad", "b", "absent")
		require.ErrorIs(t, err, secrets.ErrMalformed)
		assert.ErrorContains(t, err, `prefetch connection "bad": layer "store": `)
		assert.Equal(t, 3, c.Stats().Entries)
		calls := store.Calls()
		_, err = c.GetConnection(t.Context(), "absent")
		require.ErrorIs(t, err, secrets.ErrNotFound)
		_, err = c.GetConnection(t.Context(), "b")
		require.NoError(t, err)
		assert.Equal(t, calls, store.Calls())
	})
	t.Run("a backend that panics", func(t *testing.T) {
		c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: panics{fake()}})
		assert.ErrorIs(t, c.Prefetch(t.Context(), secrets.KindVariable, names...), secrets.ErrUnavailable)
	})
	t.Run("a backend that answers too late", func(t *testing.T) {
		store := fake()
		store.Stall(true)
		c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: store, Timeout: time.Millisecond})
		assert.ErrorIs(t, c.Prefetch(t.Context(), secrets.KindVariable, names...), secrets.ErrUnavailable)
	})
	t.Run("no cache", func(t *testing.T) {
		c := newChain(t, nil, secrets.Layer{Name: "store", Backend: fake()})
		assert.ErrorIs(t, c.Prefetch(t.Context(), secrets.KindVariable, "a"), errors.ErrUnsupported)
	})
	t.Run("no such kind", func(t *testing.T) {
		c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: fake()})
		assert.ErrorIs(t, c.Prefetch(t.Context(), 7, "a"), secrets.ErrMalformed)
	})
}

type panics struct{ secrets.Backend }

func (panics) GetVariables(context.Context, []string) (map[string]string, error) { panic("in a batch") }
func (panics) GetConnectionMap(context.Context, []string) (map[string][]secrets.Connection, error) {
	panic("in a batch")
}

func TestPrefetchEndsWithItsContextAndWithTheChain(t *testing.T) {
	for name, end := range map[string]func(c *secrets.Chain, cancel context.CancelFunc) error{
		"context": func(_ *secrets.Chain, cancel context.CancelFunc) error { cancel(); return context.Canceled },
		"chain":   func(c *secrets.Chain, _ context.CancelFunc) error { go c.Close(); return secrets.ErrClosed },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := fake("a", "1", "b", "2")
				store.Stall(true)
				c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store}},
					&secrets.Options{Cache: &secrets.CacheOptions{NegativeTTL: time.Hour}})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				got := make(chan error, 1)
				go func() { got <- c.Prefetch(ctx, secrets.KindVariable, "a", "b") }()
				synctest.Wait()
				want := end(c, cancel)
				assert.ErrorIs(t, <-got, want)
				synctest.Wait()
				assert.Zero(t, c.Stats().Entries)
				require.NoError(t, c.Close())
			})
		})
	}
}

// A write during a Prefetch is not undone by what the Prefetch read before it.
func TestPrefetchDoesNotUndoAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowBatch{Fake: fake("a", "old", "b", "old"), open: make(chan struct{})}
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store}}, &secrets.Options{Cache: &secrets.CacheOptions{}})
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- c.Prefetch(t.Context(), secrets.KindVariable, "a", "b") }()
		synctest.Wait()
		_, err = c.SetVariable(t.Context(), "a", "new")
		require.NoError(t, err)
		close(store.open)
		require.NoError(t, <-done)
		text, err := c.GetVariable(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, "new", text)
		res, err := c.LookupVariable(t.Context(), "b")
		require.NoError(t, err)
		assert.True(t, res.Cached)
		require.NoError(t, c.Close())
	})
}

// slowBatch reads a batch at once, and answers when it is opened.
type slowBatch struct {
	*backendtest.Fake
	open chan struct{}
}

func (s *slowBatch) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	all, err := s.Fake.GetVariables(ctx, keys)
	<-s.open
	return all, err
}

func TestPrefetchIsObserved(t *testing.T) {
	var calls []secrets.Call
	masks := new(masks)
	c := newChain(t, &secrets.Options{
		Cache:  &secrets.CacheOptions{},
		Masker: masks,
		Observer: observerFunc(func(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
			calls = append(calls, call)
			return ctx, func(err error) { assert.NoError(t, err) }
		}),
	}, secrets.Layer{Name: "store", Backend: fake("a", "1", "b", "2")})
	require.NoError(t, c.Prefetch(t.Context(), secrets.KindVariable, "a", "b"))
	require.NoError(t, c.Prefetch(t.Context(), secrets.KindConnection, "a"))
	assert.Equal(t, []secrets.Call{{Layer: "store", Kind: secrets.KindVariable}, {Layer: "store", Kind: secrets.KindConnection, ID: "a"}}, calls)
	assert.Equal(t, masksCount{texts: 2, connections: 2}, masks.masksCount)
}

// masks counts what a Masker is told.
type masks struct{ masksCount }

type masksCount struct{ texts, connections int }

func (m *masks) MaskConnection(secrets.Connection)             { m.connections++ }
func (m *masks) MaskText(secrets.Kind, string, secrets.Secret) { m.texts++ }
