package cache_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
