package secrets_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// testClock is a clock that stands still until it is told otherwise.
type testClock struct{ since atomic.Int64 }

var clockStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (c *testClock) now() time.Time { return clockStart.Add(time.Duration(c.since.Load())) }

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
	synctest.Test(t, func(t *testing.T) {
		store := fake("k", "v")
		c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour, StaleIfError: time.Hour}, secrets.Layer{Name: "store", Backend: store})
		store.Stall(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.GetVariable(ctx, "k")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait() // the call that nobody waits for has ended
		store.Stall(false)
		_, err = c.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		calls := store.Calls()
		_, err = c.GetVariable(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded, "also where the cache could answer")
		_, err = c.GetConnections(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, calls, store.Calls())
	})
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
