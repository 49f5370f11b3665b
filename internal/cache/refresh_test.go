package cache_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

func TestCacheRefreshAhead(t *testing.T) {
	options := cache.Options[int]{TTL: 10 * time.Minute, RefreshAhead: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour}
	// filled is a cache whose value is about to end, in a bubble, so that the background can be waited for.
	filled := func(t *testing.T, options cache.Options[int], f func(t *testing.T, s *store, c *cache.Cache[int])) {
		synctest.Test(t, func(t *testing.T) {
			s := &store{}
			c := newCache(t, s, options)
			read(t, c, 1, false, false)
			s.pass(9 * time.Minute)
			f(t, s, c)
		})
	}
	t.Run("replaces the value", func(t *testing.T) {
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
			read(t, c, 1, true, false) // at once
			synctest.Wait()
			assert.Equal(t, 2, s.count())
			read(t, c, 2, true, false)
			s.pass(9*time.Minute - 1)
			read(t, c, 2, true, false)
			synctest.Wait()
			assert.Equal(t, 2, s.count(), "the new value has a life of its own")
			assert.Equal(t, uint64(1), c.Stats().Refreshes)
		})
	})
	t.Run("outage", func(t *testing.T) {
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
			s.answers(errOutage)
			triedNowAndThen(t, s, c)
			read(t, c, 1, true, true)
		})
	})
	t.Run("finds what is not to be kept", func(t *testing.T) {
		options := options
		options.Keep = func(v int) (int, bool) { return v, v == 1 }
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
			triedNowAndThen(t, s, c)
			read(t, c, 4, false, false)
		})
	})
	t.Run("refused", func(t *testing.T) {
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
			s.answers(errRefused)
			read(t, c, 1, true, false)
			synctest.Wait()
			s.pass(time.Minute - 1)
			read(t, c, 1, true, false) // good until its end
			s.pass(1)
			s.answers(errOutage)
			fails(t, c, errOutage) // and no longer
		})
	})
	t.Run("absent", func(t *testing.T) {
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
			s.answers(errAbsent)
			read(t, c, 1, true, false)
			synctest.Wait()
			fails(t, c, errAbsent)
			assert.Equal(t, 2, s.count())
		})
	})
}

// triedNowAndThen demands that a value which is due, and for which no load finds another, is loaded again, but not at every
// read. The value's time is over after it.
func triedNowAndThen(t *testing.T, s *store, c *cache.Cache[int]) {
	t.Helper()
	for range 5 {
		read(t, c, 1, true, false)
		synctest.Wait()
	}
	assert.Equal(t, 2, s.count(), "not tried again at every read")
	s.pass(8 * time.Second)
	read(t, c, 1, true, false)
	synctest.Wait()
	assert.Equal(t, 3, s.count(), "tried again before the end")
	s.pass(52 * time.Second)
}

func TestCacheRefreshesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int32
		open := make(chan struct{})
		now := time.Now()
		c := cache.New(func(ctx context.Context, key string) (string, error) {
			if begun.Add(1) > 100 {
				<-open
			}
			return key, nil
		}, cache.Options[string]{TTL: 10 * time.Minute, RefreshAhead: 2 * time.Minute,
			Now: func() time.Time { return now }, Rand: func() float64 { return 0 }})
		all := func() {
			for i := range 100 {
				_, err := c.Get(t.Context(), fmt.Sprint(i))
				require.NoError(t, err)
			}
		}
		all()
		now = now.Add(8 * time.Minute)
		all()
		all()
		synctest.Wait()
		assert.EqualValues(t, 116, begun.Load(), "sixteen at a time")
		close(open)
		for range 100 / 16 {
			synctest.Wait()
			all()
		}
		synctest.Wait()
		assert.EqualValues(t, 200, begun.Load(), "the rest when they are read next, each once")
		c.Close(errClosed)
	})
}
