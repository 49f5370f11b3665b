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
