package secrets_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

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

// A refusal that ends the search counts, whatever outage it has passed over, and whoever refuses.
func TestStaleBehindAnOutageThatIsPassedOver(t *testing.T) {
	for _, refusing := range []string{"another layer", "the value's own layer"} {
		t.Run(refusing, func(t *testing.T) {
			guard, other, store := fake(), fake(), fake("k", "v")
			c, clock := cached(t, secrets.CacheOptions{TTL: time.Minute, StaleIfError: time.Hour},
				secrets.Layer{Name: "guard", Backend: guard, ContinueOn: []error{secrets.ErrUnavailable}},
				secrets.Layer{Name: "other", Backend: other}, secrets.Layer{Name: "store", Backend: store})
			_, err := c.GetVariable(t.Context(), "k")
			require.NoError(t, err)
			clock.pass(time.Minute)
			guard.Fail(secrets.ErrUnavailable)
			if refusing == "another layer" {
				other.Fail(secrets.ErrDenied)
			} else {
				store.Fail(secrets.ErrDenied)
			}
			_, err = c.GetVariable(t.Context(), "k")
			require.ErrorIs(t, err, secrets.ErrDenied)
		})
	}
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
