package cache_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

// TestEvictionsAtOnce: however many add names at once, no more than MaxEntries stay, and what is dropped was counted once.
func TestEvictionsAtOnce(t *testing.T) {
	const most, callers, each = 100, 16, 2000
	c := newCache(t, &store{}, cache.Options[int]{TTL: time.Hour, MaxEntries: most})
	var wg sync.WaitGroup
	for g := range callers {
		wg.Go(func() {
			for i := range each {
				_, err := c.Get(t.Context(), strconv.Itoa(g*each+i))
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	stats := c.Stats()
	assert.LessOrEqual(t, stats.Entries, most)
	assert.EqualValues(t, callers*each-stats.Entries, stats.Evictions)
}

func TestCacheBound(t *testing.T) {
	for _, most := range []int{1, 2, 10, 1000} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			c := newCache(t, &store{}, cache.Options[int]{TTL: time.Hour, MaxEntries: most})
			for i := range 3 * most {
				key := fmt.Sprint(i)
				_, err := c.Get(t.Context(), key)
				require.NoError(t, err)
				require.LessOrEqual(t, c.Stats().Entries, most)
				require.True(t, c.Has(key), "the newest entry stays")
			}
			assert.Equal(t, most, c.Stats().Entries, "what fits is kept")
			assert.EqualValues(t, 2*most, c.Stats().Evictions)
		})
	}
}

func TestCacheBoundHoldsForAnyDefault(t *testing.T) {
	c := newCache(t, &store{}, cache.Options[int]{TTL: time.Hour})
	for i := range 10_100 {
		_, _ = c.Get(context.Background(), fmt.Sprint(i))
	}
	assert.Equal(t, 10_000, c.Stats().Entries)
}

// What is over goes before what is current, and what is read stays while a scan passes through.
func TestCacheEviction(t *testing.T) {
	t.Run("over first", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Minute, MaxEntries: 100})
		s.answers(errAbsent)
		for i := range 50 {
			_, _ = c.Get(t.Context(), fmt.Sprint("absent", i))
		}
		s.answers(nil)
		hot := func() {
			for i := range 50 {
				_, err := c.Get(t.Context(), fmt.Sprint("hot", i))
				require.NoError(t, err)
			}
		}
		hot()
		hot()
		s.pass(2 * time.Minute)
		for i := range 30 {
			_, err := c.Get(t.Context(), fmt.Sprint("new", i))
			require.NoError(t, err)
			hot()
		}
		loads := s.count()
		hot()
		assert.Equal(t, loads, s.count())
	})
	t.Run("a scan", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: time.Hour, MaxEntries: 1000})
		missed := 0
		for i := range 20_000 {
			_, err := c.Get(t.Context(), fmt.Sprint("scan", i)) // never again
			require.NoError(t, err)
			for j := range 10 { // 500 names, each read ten times as often as the scan passes through
				if _, ok := c.Find(fmt.Sprint("hot", (i*10+j)%500)); !ok {
					missed++
					_, _ = c.Get(t.Context(), fmt.Sprint("hot", (i*10+j)%500))
				}
			}
		}
		assert.Less(t, missed, 2000, "of 200 000 reads")
	})
}
