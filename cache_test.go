package secrets_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// testClock is a clock that stands still until it is told otherwise.
type testClock struct{ since atomic.Int64 }

var clockStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (c *testClock) now() time.Time       { return clockStart.Add(time.Duration(c.since.Load())) }
func (c *testClock) pass(d time.Duration) { c.since.Add(int64(d)) }

// cached returns a chain with a cache on a clock of its own.
func cached(t *testing.T, o secrets.CacheOptions, layers ...secrets.Layer) (*secrets.Chain, *testClock) {
	clock := new(testClock)
	o.Now = clock.now
	return newChain(t, &secrets.Options{Cache: &o}, layers...), clock
}

func TestCacheOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]secrets.CacheOptions{
		"negative TTL":             {TTL: -1},
		"negative NegativeTTL":     {NegativeTTL: -1},
		"negative RefreshAhead":    {RefreshAhead: -1},
		"negative StaleIfError":    {StaleIfError: -1},
		"negative MaxEntries":      {MaxEntries: -1},
		"RefreshAhead of a TTL":    {TTL: time.Minute, RefreshAhead: time.Minute},
		"RefreshAhead of 15 min":   {RefreshAhead: 15 * time.Minute},
		"RefreshAhead over a TTL":  {TTL: time.Minute, RefreshAhead: time.Hour},
		"RefreshAhead over 15 min": {RefreshAhead: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := secrets.NewChain([]secrets.Layer{{Name: "one", Backend: fake()}}, &secrets.Options{Cache: &o})
			assert.ErrorContains(t, err, "cache: ")
		})
	}
}

// TestCachedReads reads everything twice, in every way: the second time without a call to the store, and the same.
func TestCachedReads(t *testing.T) {
	store, empty := fake("k", "v"), fake()
	c, clock := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "empty", Backend: empty}, secrets.Layer{Name: "store", Backend: store})
	for round := range 2 {
		conn, err := c.GetConnection(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "first", conn.Host)
		assert.Equal(t, "k", conn.ID)
		assert.True(t, conn.Password.Equal(secrets.NewSecret("v")))
		conns, err := c.GetConnections(t.Context(), "k")
		require.NoError(t, err)
		assert.Len(t, conns, 2)
		uri, err := c.GetConnURI(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, uri == "mysql://u:v@first", "round %d", round)
		text, err := c.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, text == "v", "round %d", round)
		text, err = c.GetConfig(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, text == "v", "round %d", round)
		assert.Equal(t, 3, store.Calls(), "one call per kind")
		assert.Equal(t, 3, empty.Calls())
		clock.pass(time.Minute)
	}
	assert.Equal(t, secrets.Stats{Lookups: 10, Hits: 7, BackendCalls: 6, Entries: 3}, c.Stats())

	clock.pass(15 * time.Minute)
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, 4, store.Calls(), "the default TTL is over")
}

func TestCachedResult(t *testing.T) {
	c, clock := cached(t, secrets.CacheOptions{},
		secrets.Layer{Name: "unmatched", Backend: fake("k", "other"), Match: func(secrets.Kind, string) bool { return false }},
		secrets.Layer{Name: "empty", Backend: fake()},
		secrets.Layer{Name: "store", Backend: fake("k", "v")},
		secrets.Layer{Name: "later", Backend: fake("k", "later")})
	for _, isCached := range []bool{false, true, true} {
		variable, err := c.LookupVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, variable.Value.Equal(secrets.NewSecret("v")))
		conn, err := c.LookupConnection(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "first", conn.Value.Host)
		for name, got := range map[string]struct {
			layer   string
			fetched time.Time
			cached  bool
			stale   bool
			tried   []secrets.Attempt
		}{
			"variable":   {variable.Layer, variable.Fetched, variable.Cached, variable.Stale, variable.Tried},
			"connection": {conn.Layer, conn.Fetched, conn.Cached, conn.Stale, conn.Tried},
		} {
			assert.Equal(t, "store", got.layer, name)
			assert.Equal(t, clockStart, got.fetched, name)
			assert.Equal(t, isCached, got.cached, name)
			assert.False(t, got.stale, name)
			require.Len(t, got.tried, 2, name)
			assert.Equal(t, "empty", got.tried[0].Layer, name)
			assert.Equal(t, "k", got.tried[0].StoreName, name)
			assert.ErrorIs(t, got.tried[0].Err, secrets.ErrNotFound, name)
			assert.Equal(t, "store", got.tried[1].Layer, name)
			assert.NoError(t, got.tried[1].Err, name)
		}
		clock.pass(time.Minute)
	}
}

func TestNothingACallerDoesChangesTheCache(t *testing.T) {
	store := fake("k", "v")
	c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Minute}, secrets.Layer{Name: "store", Backend: store})
	for range 3 {
		conns, err := c.GetConnections(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "first", conns[0].Host)
		conns[0].Host, conns[1] = "changed", secrets.Connection{}

		conn, err := c.GetConnection(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "first", conn.Host)
		conn.Host = "changed"

		res, err := c.LookupVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "store", res.Tried[0].Layer)
		res.Tried[0] = secrets.Attempt{Layer: "changed"}

		_, err = c.GetVariable(t.Context(), "absent")
		var e *secrets.LookupError
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, e, secrets.ErrNotFound)
		assert.Equal(t, []string{"absent", "store"}, []string{e.ID, e.Tried[0].Layer})
		e.ID, e.Tried[0] = "changed", secrets.Attempt{Layer: "changed", Err: secrets.ErrDenied}

		res, err = c.LookupVariable(t.Context(), "absent")
		require.ErrorIs(t, err, secrets.ErrNotFound)
		res.Tried[0] = secrets.Attempt{Layer: "changed"}
	}
	assert.Equal(t, 3, store.Calls())
}

func TestPickChoosesAtEveryCachedRead(t *testing.T) {
	var n int
	c := newChain(t, &secrets.Options{Cache: &secrets.CacheOptions{}, Pick: func(conns []secrets.Connection) secrets.Connection {
		n++
		picked := conns[n%len(conns)]
		conns[0].Host = "changed"
		return picked
	}}, secrets.Layer{Name: "store", Backend: fake("k", "v")})
	for i := range 4 {
		conn, err := c.GetConnection(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, []string{"second", "first"}[i%2], conn.Host)
	}
}

func TestCachedAbsence(t *testing.T) {
	for name, negative := range map[string]time.Duration{"off": 0, "on": time.Minute} {
		t.Run(name, func(t *testing.T) {
			store := fake()
			c, clock := cached(t, secrets.CacheOptions{NegativeTTL: negative}, secrets.Layer{Name: "store", Backend: store})
			for range 3 {
				_, err := c.GetVariable(t.Context(), "absent")
				require.ErrorIs(t, err, secrets.ErrNotFound)
				assert.EqualError(t, err, `get variable "absent": not found in store`)
			}
			res, err := c.LookupVariable(t.Context(), "absent")
			require.ErrorIs(t, err, secrets.ErrNotFound)
			assert.Equal(t, negative > 0, res.Cached)
			assert.Len(t, res.Tried, 1)
			if negative == 0 {
				assert.Equal(t, 4, store.Calls())
				return
			}
			assert.Equal(t, 1, store.Calls())
			assert.Equal(t, secrets.Stats{Lookups: 4, NegativeHits: 3, BackendCalls: 1, Entries: 1}, c.Stats())
			clock.pass(negative)
			_, err = c.GetVariable(t.Context(), "absent")
			require.ErrorIs(t, err, secrets.ErrNotFound)
			assert.Equal(t, 2, store.Calls())
		})
	}
}

func TestFailuresAreNotCached(t *testing.T) {
	for _, class := range []error{secrets.ErrDenied, secrets.ErrMalformed, secrets.ErrUnavailable, secrets.ErrClosed} {
		t.Run(class.Error(), func(t *testing.T) {
			store := fake("k", "v")
			c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour}, secrets.Layer{Name: "store", Backend: store})
			store.Fail(class)
			for range 2 {
				_, err := c.GetVariable(t.Context(), "k")
				require.ErrorIs(t, err, class)
			}
			store.Fail(nil)
			text, err := c.GetVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.True(t, text == "v")
			assert.EqualValues(t, 2, c.Stats().Errors)
		})
	}
}

func TestEndedContextIsNotCached(t *testing.T) {
	store := fake("k", "v")
	c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour, StaleIfError: time.Hour}, secrets.Layer{Name: "store", Backend: store})
	store.Stall(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := c.GetVariable(ctx, "k")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	store.Stall(false)
	_, err = c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	calls := store.Calls()
	_, err = c.GetVariable(ctx, "k")
	assert.ErrorIs(t, err, context.DeadlineExceeded, "also where the cache could answer")
	_, err = c.GetConnections(ctx, "k")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, calls, store.Calls())
}

func TestStaleIfError(t *testing.T) {
	for _, class := range []error{secrets.ErrUnavailable, errors.New("unforeseen"), secrets.ErrDenied, secrets.ErrMalformed, secrets.ErrClosed, secrets.ErrNotFound} {
		t.Run(class.Error(), func(t *testing.T) {
			store := fake("k", "v")
			c, clock := cached(t, secrets.CacheOptions{TTL: time.Minute, StaleIfError: time.Hour}, secrets.Layer{Name: "store", Backend: store})
			res, err := c.LookupVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.False(t, res.Stale)
			clock.pass(time.Minute)
			store.Fail(class)
			res, err = c.LookupVariable(t.Context(), "k")
			if secrets.ClassOf(class) != secrets.ErrUnavailable {
				require.ErrorIs(t, err, class)
				assert.False(t, res.Stale)
				store.Fail(secrets.ErrUnavailable)
				_, err = c.GetVariable(t.Context(), "k")
				assert.ErrorIs(t, err, secrets.ErrUnavailable, "the store said otherwise since the value was fetched")
				return
			}
			require.NoError(t, err)
			assert.True(t, res.Value.Equal(secrets.NewSecret("v")))
			assert.Equal(t, []any{"store", true, true, clockStart}, []any{res.Layer, res.Stale, res.Cached, res.Fetched})
			text, err := c.GetVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.True(t, text == "v")
			assert.EqualValues(t, 2, c.Stats().StaleHits)

			clock.pass(time.Hour)
			_, err = c.GetVariable(t.Context(), "k")
			require.ErrorIs(t, err, class)
			store.Fail(nil)
			res, err = c.LookupVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.False(t, res.Stale || res.Cached)
		})
	}
}

// What the search passes over on its way to an outage does not count, what ends it does.
func TestStaleBehindALayerThatRefuses(t *testing.T) {
	for name, on := range map[string][]error{"passed over": {secrets.ErrDenied}, "not passed over": nil} {
		t.Run(name, func(t *testing.T) {
			guard, store := fake(), fake("k", "v")
			c, clock := cached(t, secrets.CacheOptions{TTL: time.Minute, StaleIfError: time.Hour},
				secrets.Layer{Name: "guard", Backend: guard, ContinueOn: on}, secrets.Layer{Name: "store", Backend: store})
			_, err := c.GetVariable(t.Context(), "k")
			require.NoError(t, err)
			clock.pass(time.Minute)
			guard.Fail(secrets.ErrDenied)
			store.Fail(secrets.ErrUnavailable)
			_, err = c.GetVariable(t.Context(), "k")
			if on == nil {
				require.ErrorIs(t, err, secrets.ErrDenied)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// A refusal that ends the search counts, whatever outage it has passed over.
func TestStaleBehindAnOutageThatIsPassedOver(t *testing.T) {
	guard, store := fake(), fake("k", "v")
	c, clock := cached(t, secrets.CacheOptions{TTL: time.Minute, StaleIfError: time.Hour},
		secrets.Layer{Name: "guard", Backend: guard, ContinueOn: []error{secrets.ErrUnavailable}}, secrets.Layer{Name: "store", Backend: store})
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	clock.pass(time.Minute)
	guard.Fail(secrets.ErrUnavailable)
	store.Fail(secrets.ErrDenied)
	_, err = c.GetVariable(t.Context(), "k")
	require.ErrorIs(t, err, secrets.ErrDenied)
}

// Whatever the layer that holds a value says but that it is unavailable ends its life, also if that is passed over.
func TestStaleAfterItsOwnLayerSpoke(t *testing.T) {
	for _, class := range []error{secrets.ErrDenied, secrets.ErrMalformed, secrets.ErrNotFound} {
		for name, prefetch := range map[string]bool{"looked up": false, "prefetched": true} {
			t.Run(class.Error()+"/"+name, func(t *testing.T) {
				holder, other := fake("k", "v"), fake()
				clock := new(testClock)
				c := newChain(t, &secrets.Options{FallThrough: true, Cache: &secrets.CacheOptions{TTL: time.Minute, StaleIfError: time.Hour, Now: clock.now}},
					secrets.Layer{Name: "holder", Backend: holder}, secrets.Layer{Name: "other", Backend: other})
				_, err := c.GetVariable(t.Context(), "k")
				require.NoError(t, err)
				clock.pass(time.Minute)
				holder.Fail(class)
				other.Fail(secrets.ErrUnavailable)
				if prefetch {
					require.Error(t, c.Prefetch(t.Context(), secrets.KindVariable, "k"))
				}
				_, err = c.GetVariable(t.Context(), "k")
				require.ErrorIs(t, err, secrets.ErrUnavailable)
				holder.Fail(secrets.ErrUnavailable)
				_, err = c.GetVariable(t.Context(), "k")
				require.ErrorIs(t, err, secrets.ErrUnavailable, "nor does a later outage bring it back")
			})
		}
	}
}

// A value found past an outage is not what the chain holds; past a refusal that is passed over, it is.
func TestKeptPastAFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		class error
		kept  bool
	}{
		"unavailable": {secrets.ErrUnavailable, false},
		"closed":      {secrets.ErrClosed, false},
		"denied":      {secrets.ErrDenied, true},
		"malformed":   {secrets.ErrMalformed, true},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := fake("k", "first"), fake("k", "second")
			clock := new(testClock)
			c := newChain(t, &secrets.Options{FallThrough: true, Cache: &secrets.CacheOptions{Now: clock.now}},
				secrets.Layer{Name: "first", Backend: first}, secrets.Layer{Name: "second", Backend: second})
			first.Fail(tc.class)
			for i := range 2 {
				res, err := c.LookupVariable(t.Context(), "k")
				require.NoError(t, err)
				assert.Equal(t, "second", res.Layer)
				assert.Equal(t, tc.kept && i > 0, res.Cached)
				require.Len(t, res.Tried, 2)
				assert.ErrorIs(t, res.Tried[0].Err, tc.class)
			}
			first.Fail(nil)
			res, err := c.LookupVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.Equal(t, tc.kept, res.Layer == "second")
		})
	}
}

func TestRefreshAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := fake("k", "old")
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store}},
			&secrets.Options{Cache: &secrets.CacheOptions{TTL: 10 * time.Minute, RefreshAhead: time.Minute}})
		require.NoError(t, err)
		read := func() secrets.Result[secrets.Secret] {
			res, err := c.LookupVariable(t.Context(), "k")
			require.NoError(t, err)
			synctest.Wait()
			return res
		}
		read()
		require.NoError(t, store.SetVariable(t.Context(), "k", "new"))
		for range 7 { // on to the last minute before the end, wherever jitter puts that
			time.Sleep(time.Minute)
			assert.True(t, read().Value.Equal(secrets.NewSecret("old")))
		}
		var res secrets.Result[secrets.Secret]
		for range 6 {
			time.Sleep(30 * time.Second)
			res = read()
			assert.True(t, res.Cached, "nobody waits for the store")
		}
		assert.True(t, res.Value.Equal(secrets.NewSecret("new")))
		assert.EqualValues(t, 1, c.Stats().Refreshes)
		assert.EqualValues(t, 2, c.Stats().BackendCalls)
		require.NoError(t, c.Close())
	})
}

func TestWritesDropTheNameFromTheCache(t *testing.T) {
	c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour}, secrets.Layer{Name: "store", Backend: fake()})
	ctx := t.Context()
	_, err := c.GetVariable(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = c.SetVariable(ctx, "k", "1")
	require.NoError(t, err)
	text, err := c.GetVariable(ctx, "k")
	require.NoError(t, err)
	assert.True(t, text == "1")
	_, err = c.SetVariable(ctx, "k", "2")
	require.NoError(t, err)
	text, err = c.GetVariable(ctx, "k")
	require.NoError(t, err)
	assert.True(t, text == "2")
	_, err = c.DeleteVariable(ctx, "k")
	require.NoError(t, err)
	_, err = c.GetVariable(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)

	_, err = c.GetConnection(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = c.SetConnection(ctx, secrets.Connection{ID: "k", Type: "mysql", Host: "h"})
	require.NoError(t, err)
	conn, err := c.GetConnection(ctx, "k")
	require.NoError(t, err)
	assert.Equal(t, "h", conn.Host)
	_, err = c.DeleteConnection(ctx, "k")
	require.NoError(t, err)
	_, err = c.GetConnection(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestForget(t *testing.T) {
	store := fake("k", "1", "l", "1")
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: store})
	read := func(key, want string) {
		t.Helper()
		text, err := c.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, text == want, "variable %q", key)
	}
	read("k", "1")
	read("l", "1")
	require.NoError(t, store.SetVariable(t.Context(), "k", "2"))
	require.NoError(t, store.SetVariable(t.Context(), "l", "2"))
	c.Forget(secrets.KindConnection, "k")
	c.Forget(0, "k")
	c.Forget(secrets.KindConfig+1, "k")
	read("k", "1")
	c.Forget(secrets.KindVariable, "k")
	read("k", "2")
	read("l", "1")
	require.NoError(t, store.SetVariable(t.Context(), "k", "3"))
	c.ForgetAll()
	read("k", "3")
	read("l", "2")
}

// Without a cache too: who comes after a write does not join a search from before it.
func TestForgetDuringASearch(t *testing.T) {
	forgets := map[string]func(c *secrets.Chain){
		"Forget":    func(c *secrets.Chain) { c.Forget(secrets.KindVariable, "k") },
		"ForgetAll": (*secrets.Chain).ForgetAll,
	}
	for name, opts := range map[string]*secrets.Options{"cache": {Cache: &secrets.CacheOptions{}}, "no cache": nil} {
		for call, forget := range forgets {
			t.Run(name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var n atomic.Int32
					open := make(chan struct{})
					c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: secrets.Funcs{
						Variable: func(context.Context, string) (string, error) {
							if n.Add(1) == 1 {
								<-open
								return "before", nil
							}
							return "after", nil
						}}}}, opts)
					require.NoError(t, err)
					before := make(chan string, 1)
					go func() {
						text, err := c.GetVariable(t.Context(), "k")
						assert.NoError(t, err)
						before <- text
					}()
					synctest.Wait()
					forget(c)
					text, err := c.GetVariable(t.Context(), "k")
					require.NoError(t, err)
					assert.Equal(t, "after", text)
					close(open)
					assert.Equal(t, "before", <-before)
					text, err = c.GetVariable(t.Context(), "k")
					require.NoError(t, err)
					assert.Equal(t, "after", text)
					require.NoError(t, c.Close())
				})
			})
		}
	}
}

func TestClosedChainForgetsWhatItKept(t *testing.T) {
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: fake("k", "v")})
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	_, err = c.GetConnection(t.Context(), "k")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = c.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	_, err = c.GetConnection(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	assert.ErrorIs(t, c.Prefetch(t.Context(), secrets.KindVariable, "k"), secrets.ErrClosed)
	assert.Zero(t, c.Stats().Entries)
}

func TestCachedReadsAllocateNothing(t *testing.T) {
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "empty", Backend: fake()}, secrets.Layer{Name: "store", Backend: fake("k", "v")})
	ctx := t.Context()
	for name, read := range map[string]func() error{
		"GetVariable":   func() error { _, err := c.GetVariable(ctx, "k"); return err },
		"GetConnection": func() error { _, err := c.GetConnection(ctx, "k"); return err },
		"GetConfig":     func() error { _, err := c.GetConfig(ctx, "k"); return err },
	} {
		require.NoError(t, read())
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = read() }), name)
	}
}

// TestCachedChainIsABackend holds a chain with a cache to the suite, also where everything it says comes from the cache.
func TestCachedChainIsABackend(t *testing.T) {
	opts := &secrets.Options{Cache: &secrets.CacheOptions{NegativeTTL: time.Minute, StaleIfError: time.Minute, RefreshAhead: time.Minute}}
	over := func(b secrets.Backend) *secrets.Chain {
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: b}}, opts)
		require.NoError(t, err)
		return c
	}
	for name, wrap := range map[string]func(b secrets.Backend) *secrets.Chain{
		"once":  over,
		"twice": func(b secrets.Backend) *secrets.Chain { return over(readTwice{over(b)}) },
	} {
		t.Run(name, func(t *testing.T) { backendtest.RunWrapped(t, wrap) })
	}
}

// readTwice reads everything twice and returns what it got the second time.
type readTwice struct{ *secrets.Chain }

func (b readTwice) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	_, _ = b.Chain.GetConnections(ctx, id)
	return b.Chain.GetConnections(ctx, id)
}

func (b readTwice) GetVariable(ctx context.Context, key string) (string, error) {
	_, _ = b.Chain.GetVariable(ctx, key)
	return b.Chain.GetVariable(ctx, key)
}

func (b readTwice) GetConfig(ctx context.Context, key string) (string, error) {
	_, _ = b.Chain.GetConfig(ctx, key)
	return b.Chain.GetConfig(ctx, key)
}
