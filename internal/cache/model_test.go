package cache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/secretchain/secrets/internal/cache"
)

// kept is what a plain model of the cache remembers of a key.
type kept struct {
	value  int
	absent bool
	end    time.Time
}

// TestCacheModel holds Get and Find against a plain model over random reads, forgets and passing time, with a store that
// answers, has nothing, refuses or is out.
func TestCacheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const ttl, negative = 60 * time.Second, 20 * time.Second
		window := time.Duration(rapid.SampledFrom([]int{0, 30}).Draw(rt, "stale-if-error")) * time.Second
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: ttl, NegativeTTL: negative, StaleIfError: window})
		defer c.Close(errClosed)
		model := map[string]kept{}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key")
			switch rapid.IntRange(0, 7).Draw(rt, "action") {
			case 0:
				c.Forget(key)
				delete(model, key)
			case 1, 2:
				s.pass(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second)
			case 3:
				s.answers([]error{nil, errAbsent, errRefused, errOutage}[rapid.IntRange(0, 3).Draw(rt, "store")])
			default:
				was, known := model[key]
				now, loads := s.clock(), s.count()
				_, found := c.Find(key)
				require.Equal(rt, known && !was.absent && now.Before(was.end), found)

				item, err := c.Get(context.Background(), key)
				switch {
				case known && now.Before(was.end):
					require.Equal(rt, loads, s.count())
					require.Equal(rt, was.absent, err != nil)
					require.Equal(rt, []any{was.value, true, false}, []any{item.Value, item.Cached, item.Stale})
					continue
				case s.err == errOutage && known && !was.absent && now.Before(was.end.Add(window)):
					require.NoError(rt, err)
					require.Equal(rt, []any{was.value, true, true}, []any{item.Value, item.Cached, item.Stale})
				default:
					require.Equal(rt, s.err, err)
					require.Equal(rt, []any{loads + 1, false, false}, []any{item.Value, item.Cached, item.Stale})
				}
				require.Equal(rt, loads+1, s.count())
				switch s.err {
				case nil:
					model[key] = kept{value: loads + 1, end: now.Add(ttl)}
				case errAbsent:
					model[key] = kept{absent: true, end: now.Add(negative)}
				case errRefused:
					delete(model, key)
				}
			}
		}
		stats := c.Stats()
		require.EqualValues(rt, s.count(), stats.Loads+stats.StaleHits, fmt.Sprintf("%+v", stats))
	})
}
