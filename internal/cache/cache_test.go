package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

var (
	errAbsent  = errors.New("absent")
	errOutage  = errors.New("outage")
	errRefused = errors.New("refused")
)

// store is what a cache under test loads from: it answers with its version number, or fails.
type store struct {
	mu    sync.Mutex
	err   error
	took  time.Duration // that a load takes on the test's clock
	now   time.Time
	loads int
}

func (s *store) load(context.Context, string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	s.now = s.now.Add(s.took)
	return s.loads, s.err
}

func (s *store) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *store) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *store) answers(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

// newCache returns a cache over s, on the test's clock and without jitter where the options do not say otherwise.
func newCache(t *testing.T, s *store, o cache.Options[int]) *cache.Cache[int] {
	s.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o.Absent = func(err error) bool { return errors.Is(err, errAbsent) }
	o.Outage = func(err error, _ int) bool { return errors.Is(err, errOutage) }
	o.Now = s.clock
	if o.Rand == nil {
		o.Rand = func() float64 { return 0 }
	}
	c := cache.New(s.load, o)
	t.Cleanup(func() { c.Close(errClosed) })
	return c
}

// read is a step of a test: what a Get is to return.
func read(t *testing.T, c *cache.Cache[int], value int, cached, stale bool) {
	t.Helper()
	v, found := c.Find("k") // before Get, which may begin a load in the background
	item, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, []any{value, cached, stale}, []any{item.Value, item.Cached, item.Stale}, "value, cached, stale")
	if found {
		assert.Equal(t, value, v)
		assert.False(t, stale, "Find is for current values only")
	}
}

func fails(t *testing.T, c *cache.Cache[int], want error) {
	t.Helper()
	item, err := c.Get(t.Context(), "k")
	require.ErrorIs(t, err, want)
	assert.False(t, item.Stale)
	_, ok := c.Find("k")
	assert.False(t, ok)
}

func TestCacheKeepsForTTL(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute})
	_, ok := c.Find("k")
	assert.False(t, ok)
	read(t, c, 1, false, false)
	s.pass(time.Minute - 1)
	read(t, c, 1, true, false)
	assert.True(t, c.Has("k"))
	v, ok := c.Find("k")
	assert.True(t, ok)
	assert.Equal(t, 1, v)
	s.pass(1)
	_, ok = c.Find("k")
	assert.False(t, ok, "over")
	assert.False(t, c.Has("k"))
	read(t, c, 2, false, false)
}

func TestCacheZeroOptionsKeepNothing(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{})
	read(t, c, 1, false, false)
	read(t, c, 2, false, false)
	s.answers(errAbsent)
	fails(t, c, errAbsent)
	fails(t, c, errAbsent)
	assert.Equal(t, 4, s.count())
	assert.Zero(t, c.Stats().Entries)
}

func TestCacheTellsWhenItFetched(t *testing.T) {
	s := &store{took: 3 * time.Second}
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute})
	began := s.now
	item, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, began, item.Fetched, "a value is as old as the beginning of its load")
	s.pass(time.Second)
	item, err = c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, began, item.Fetched)
	s.pass(56 * time.Second)
	_, ok := c.Find("k")
	assert.False(t, ok, "its life began then too")
}

func TestCacheJitterTakesUpToATenthOff(t *testing.T) {
	for _, draw := range []float64{0, 0.25, 0.999} {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: 100 * time.Second, NegativeTTL: 10 * time.Second, Rand: func() float64 { return draw }})
		read(t, c, 1, false, false)
		life := 100*time.Second - time.Duration(draw*float64(10*time.Second))
		s.pass(life - time.Millisecond)
		read(t, c, 1, true, false)
		s.pass(2 * time.Millisecond)
		s.answers(errAbsent)
		fails(t, c, errAbsent)
		s.pass(life/10 - time.Millisecond)
		fails(t, c, errAbsent)
		assert.Equal(t, 2, s.count(), "the absence is kept")
		s.pass(2 * time.Millisecond)
		fails(t, c, errAbsent)
		assert.Equal(t, 3, s.count(), "no longer than the jitter says, draw %v", draw)
	}
}

func TestCacheAbsence(t *testing.T) {
	s := &store{err: fmt.Errorf("k: %w", errAbsent)}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Minute, StaleIfError: time.Hour})
	fails(t, c, errAbsent)
	s.pass(time.Minute - 1)
	item, err := c.Get(t.Context(), "k")
	assert.Same(t, s.err, err)
	assert.True(t, item.Cached)
	assert.True(t, c.Has("k"))
	assert.Equal(t, 1, s.count())
	assert.Equal(t, cache.Stats{NegativeHits: 1, Loads: 1, Entries: 1}, c.Stats())

	s.pass(1)
	s.answers(errOutage)
	fails(t, c, errOutage) // an absence is never stale
	s.answers(nil)
	read(t, c, 3, false, false)
	read(t, c, 3, true, false)
}

func TestCacheClockGoesBack(t *testing.T) {
	s := &store{err: errAbsent}
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute, NegativeTTL: time.Minute})
	fails(t, c, errAbsent)
	s.pass(-time.Hour)
	fails(t, c, errAbsent) // an absence is not taken for a value
	_, _ = c.Begin("k").Store(0, errRefused)
	_, _ = c.Begin("k").Store(0, errOutage)
	fails(t, c, errAbsent)
	c.Forget("k")
	s.answers(nil)
	read(t, c, s.count()+1, false, false)
	s.pass(-time.Hour)
	read(t, c, s.count(), true, false)
}

func TestCacheErrorsAreNotKept(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Hour})
	for _, err := range []error{errOutage, errRefused, errOutage} {
		s.answers(err)
		fails(t, c, err)
	}
	s.answers(nil)
	read(t, c, 4, false, false)
}

func TestCacheStaleIfError(t *testing.T) {
	options := cache.Options[int]{TTL: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour}
	t.Run("outage", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, options)
		read(t, c, 1, false, false)
		s.answers(errOutage)
		s.pass(time.Minute)
		read(t, c, 1, true, true)
		read(t, c, 1, true, true)
		assert.Equal(t, 3, s.count(), "an attempt that fails at once buys no pause")
		s.pass(time.Hour - 1)
		read(t, c, 1, true, true)
		s.pass(1)
		fails(t, c, errOutage)
		assert.Equal(t, uint64(3), c.Stats().StaleHits)
	})
	t.Run("return", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, options)
		read(t, c, 1, false, false)
		s.pass(time.Minute)
		s.answers(errOutage)
		read(t, c, 1, true, true)
		s.answers(nil)
		read(t, c, 3, false, false)
		read(t, c, 3, true, false)
	})
	for name, refusal := range map[string]error{"refused": errRefused, "absent": errAbsent} {
		t.Run("never after "+name, func(t *testing.T) {
			s := &store{}
			c := newCache(t, s, options)
			read(t, c, 1, false, false)
			s.pass(time.Minute)
			s.answers(refusal)
			fails(t, c, refusal)
			s.answers(errOutage)
			s.pass(time.Minute)
			fails(t, c, errOutage)
		})
	}
}

func TestCacheAFailedLoadBuysAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: 10 * time.Minute, StaleIfError: time.Hour, Rand: func() float64 { return 0.5 }})
		// after passes time, reads the value past its end, and wants so many loads then.
		after := func(d time.Duration, loads int) {
			t.Helper()
			s.pass(d)
			read(t, c, 1, true, true)
			synctest.Wait()
			require.Equal(t, loads, s.count())
		}
		read(t, c, 1, false, false)
		s.answers(errOutage)
		s.took = 2 * time.Second // say, a time-out
		after(10*time.Minute, 2)
		s.took = 4 * time.Second   // from here on nobody waits for it
		after(15*time.Second-1, 2) // ten times two seconds, less a quarter for jitter
		after(1, 3)
		after(60*time.Second-1, 3) // ten times four seconds, doubled, less a quarter
		after(1, 4)
		after(120*time.Second-1, 4) // and so on
		after(1, 5)
		s.took = 20 * time.Second //
		after(5*time.Minute, 6)
		after(450*time.Second-1, 6) // TTL at most, less a quarter
		s.answers(nil)
		after(1, 7) // the last stale answer
		read(t, c, 7, true, false)
		s.pass(10 * time.Minute)
		s.answers(errOutage)
		s.took = time.Second
		read(t, c, 7, true, true)
		s.pass(8 * time.Second)
		read(t, c, 7, true, true)
		synctest.Wait()
		assert.Equal(t, 9, s.count(), "the failures before are forgotten")
	})
}

// A value that is found is the answer, also where it is not to be kept: what is past its end is for outages alone.
func TestCacheStaleEndsWithAValueThatIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: 10 * time.Minute, StaleIfError: time.Hour, Keep: func(v int) (int, bool) { return v, v == 1 }})
		read(t, c, 1, false, false)
		s.pass(10 * time.Minute)
		s.answers(errOutage)
		s.took = time.Second
		read(t, c, 1, true, true)
		s.answers(nil)
		s.pass(time.Minute)
		read(t, c, 1, true, true) // and begins a load
		synctest.Wait()
		read(t, c, 4, false, false)
		read(t, c, 5, false, false)
		s.answers(errOutage)
		read(t, c, 1, true, true)
	})
}

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
			read(t, c, 1, true, true)
		})
	})
	t.Run("finds what is not to be kept", func(t *testing.T) {
		options := options
		options.Keep = func(v int) (int, bool) { return v, v == 1 }
		filled(t, options, func(t *testing.T, s *store, c *cache.Cache[int]) {
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

func TestCacheKeep(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, Keep: func(v int) (int, bool) { return -v, v > 1 }})
	for _, want := range []cache.Item[int]{{Value: 1}, {Value: 2}, {Value: -2, Cached: true}} {
		want.Fetched = s.now
		item, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, want, item)
	}
}

func TestCacheForget(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Hour})
	c.Forget("k")
	read(t, c, 1, false, false)
	c.Forget("other")
	read(t, c, 1, true, false)
	c.Forget("k")
	read(t, c, 2, false, false)
	c.Forget("k")
	s.answers(errAbsent)
	fails(t, c, errAbsent)
	c.Forget("k")
	s.answers(nil)
	read(t, c, 4, false, false)
}

// What was read before a write must not be kept, or given to anybody, after it.
func TestCacheForgetDuringALoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		open := []chan struct{}{make(chan struct{}), make(chan struct{})}
		c := cache.New(func(context.Context, string) (int32, error) {
			v := n.Add(1)
			<-open[v-1]
			return v, nil
		}, cache.Options[int32]{TTL: time.Hour})
		defer c.Close(errClosed)
		get := func() *atomic.Int32 {
			var got atomic.Int32
			go func() {
				item, err := c.Get(t.Context(), "k")
				assert.NoError(t, err)
				got.Store(item.Value)
			}()
			synctest.Wait()
			return &got
		}
		before := get()
		c.Forget("k")
		after := get()
		assert.EqualValues(t, 2, n.Load(), "a caller after Forget does not join a load from before it")
		close(open[1])
		synctest.Wait()
		assert.EqualValues(t, 2, after.Load())
		close(open[0]) // the older load ends last
		synctest.Wait()
		assert.EqualValues(t, 1, before.Load())
		v, ok := c.Find("k")
		assert.True(t, ok)
		assert.EqualValues(t, 2, v)

		c.Forget("k")
		_, ok = c.Find("k")
		assert.False(t, ok)
	})
}

// After a Forget that follows a write, no reader may see what was there before, whatever else goes on.
func TestCacheNeverResurrects(t *testing.T) {
	var written atomic.Int64
	c := cache.New(func(context.Context, string) (int64, error) { return written.Load(), nil },
		cache.Options[int64]{TTL: time.Hour, MaxEntries: 4})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := written.Load() // forgotten up to here, save for the last write
				item, err := c.Get(context.Background(), "k")
				assert.NoError(t, err)
				assert.GreaterOrEqual(t, item.Value, least-1)
				if v, ok := c.Find("k"); ok {
					assert.GreaterOrEqual(t, v, least-1)
				}
				_, _ = c.Get(t.Context(), "other")
			}
		})
	}
	for range 500 {
		written.Add(1)
		c.Forget("k")
		item, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, written.Load(), item.Value, "the writer reads what it wrote")
	}
	close(stop)
	wg.Wait()
	c.Close(errClosed)
}

func TestCacheLoadsMadeElsewhere(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour})
	item, err := c.Begin("k").Store(10, nil)
	require.NoError(t, err)
	assert.Equal(t, cache.Item[int]{Value: 10, Fetched: s.now}, item)
	read(t, c, 10, true, false)

	l := c.Begin("k")
	c.Forget("k")
	item, err = l.Store(11, nil)
	require.NoError(t, err)
	assert.Equal(t, 11, item.Value)
	assert.False(t, c.Has("k"), "the key was forgotten meanwhile")

	older, newer := c.Begin("k"), c.Begin("k")
	_, _ = newer.Store(13, nil)
	_, _ = older.Store(12, nil)
	read(t, c, 13, true, false)

	c.Begin("k").Drop()
	read(t, c, 13, true, false)
	s.pass(time.Minute)
	item, err = c.Begin("k").Store(0, errOutage)
	require.NoError(t, err)
	assert.Equal(t, []any{13, true, true}, []any{item.Value, item.Cached, item.Stale})
	_, err = c.Begin("k").Store(0, errRefused)
	require.ErrorIs(t, err, errRefused)
	s.answers(errOutage)
	fails(t, c, errOutage)

	_, err = c.Begin("k").Store(0, errAbsent)
	require.ErrorIs(t, err, errAbsent)
	_, err = c.Begin("k").Store(0, errOutage)
	require.ErrorIs(t, err, errOutage, "an absence does not stand in for a value")
	loads := s.count()
	fails(t, c, errAbsent)
	assert.Equal(t, loads, s.count())
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

func TestCacheOneLoadForManyCallers(t *testing.T) {
	var n atomic.Int32
	c := cache.New(func(context.Context, string) (int32, error) { return n.Add(1), nil }, cache.Options[int32]{TTL: time.Hour})
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range 10_000 {
		wg.Go(func() {
			<-begin
			item, err := c.Get(t.Context(), "k")
			assert.NoError(t, err)
			assert.EqualValues(t, 1, item.Value)
		})
	}
	close(begin)
	wg.Wait()
	assert.EqualValues(t, 1, n.Load())
	stats := c.Stats()
	assert.EqualValues(t, 10_000, stats.Hits+stats.Loads+stats.Coalesced)
	assert.EqualValues(t, 1, stats.Loads)
	c.Close(errClosed)
}

func TestCacheStats(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour})
	read(t, c, 1, false, false) // a load
	read(t, c, 1, true, false)  // a Find and a Get
	assert.Equal(t, cache.Stats{Hits: 2, Loads: 1, Entries: 1}, c.Stats())
}

func TestCacheOwnClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := cache.New(func(context.Context, string) (int32, error) { return loads.Add(1), nil },
			cache.Options[int32]{TTL: time.Minute, StaleIfError: time.Minute})
		get := func() int32 {
			item, err := c.Get(t.Context(), "k")
			require.NoError(t, err)
			return item.Value
		}
		assert.EqualValues(t, 1, get())
		time.Sleep(50 * time.Second) // less than TTL less jitter
		assert.EqualValues(t, 1, get())
		time.Sleep(11 * time.Second) // TTL and the clock's precision
		assert.EqualValues(t, 2, get())
		assert.Equal(t, 1, c.Stats().Entries)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Zero(t, c.Stats().Entries, "what can never be served again leaves memory without being asked for")
		c.Close(errClosed)
	})
}

func TestCacheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		c := cache.New(func(ctx context.Context, key string) (string, error) {
			if key == "slow" {
				<-open // does not obey its context
			}
			return key, nil
		}, cache.Options[string]{TTL: time.Hour})
		_, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		var slow atomic.Pointer[error]
		go func() {
			_, err := c.Get(t.Context(), "slow")
			slow.Store(&err)
		}()
		synctest.Wait()
		var closed atomic.Bool
		go func() {
			c.Close(errClosed)
			closed.Store(true)
		}()
		synctest.Wait()
		assert.Equal(t, errClosed, *slow.Load())
		assert.False(t, closed.Load(), "waits for its goroutines")
		close(open)
		synctest.Wait()
		assert.True(t, closed.Load())
		c.Close(errors.New("a second cause"))
		for _, key := range []string{"k", "slow"} {
			_, ok := c.Find(key)
			assert.False(t, ok)
			_, err = c.Get(t.Context(), key)
			assert.Equal(t, errClosed, err)
		}
		assert.Zero(t, c.Stats().Entries)
	})
}

// A load on its caller's goroutine that ends while Close waits for it stores nothing.
func TestCacheCloseDuringALoadOnItsCallersGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		c := cache.New(func(context.Context, string) (string, error) {
			<-open
			return "late", nil
		}, cache.Options[string]{TTL: time.Hour})
		go func() { _, _ = c.Get(context.Background(), "k") }()
		synctest.Wait()
		go c.Close(errClosed)
		synctest.Wait()
		close(open)
		synctest.Wait()
		assert.Zero(t, c.Stats().Entries)
	})
}

// Times that mean for ever do.
func TestCacheForEver(t *testing.T) {
	s := &store{}
	const forEver = time.Duration(math.MaxInt64)
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute, StaleIfError: forEver})
	read(t, c, 1, false, false)
	s.answers(errOutage)
	s.pass(10 * 365 * 24 * time.Hour)
	read(t, c, 1, true, true)

	s = &store{}
	c = newCache(t, s, cache.Options[int]{TTL: forEver, NegativeTTL: forEver, StaleIfError: forEver, RefreshAhead: forEver})
	s.pass(time.Hour)
	read(t, c, 1, false, false)
	s.pass(10 * 365 * 24 * time.Hour)
	read(t, c, 1, true, false)
}

func TestCacheReadsAllocateNothing(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Hour})
	_, _ = c.Get(t.Context(), "k")
	s.answers(errAbsent)
	_, _ = c.Get(t.Context(), "absent")
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Find("k") }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Get(ctx, "k") }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Get(ctx, "absent") }))
}

func TestCachePrintsNoValues(t *testing.T) {
	const secret = "hunter2-in-a-cache"
	c := cache.New(func(context.Context, string) (string, error) { return secret, nil }, cache.Options[string]{TTL: time.Hour})
	defer c.Close(errClosed)
	_, _ = c.Get(t.Context(), "k")
	g := newGate()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		assert.Equal(t, "cache.Cache cache.Flight", fmt.Sprintf(verb+" "+verb, c, cache.NewFlight(g.load)))
	}
}
