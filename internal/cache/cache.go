package cache

import (
	"context"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how long a [Cache] keeps what. The zero Options keep nothing.
type Options[V any] struct {
	TTL          time.Duration // of a value; jitter takes up to a tenth off; 0: not kept
	NegativeTTL  time.Duration // of an absence; 0: not kept
	RefreshAhead time.Duration // how long before its end a value that is read is loaded again in the background, at most half its life; jitter takes up to half off; 0: never
	StaleIfError time.Duration // how long past its end a value is served while its loads fail with an outage; 0: never
	MaxEntries   int           // bound on entries, overstepped by the insertions under way at most; 0: 10 000

	Absent func(err error) bool // whether the error of a load says that there is no value; nil: none does
	// Outage reports whether it says that nobody could tell, so that v, which is kept, may be as good as ever. It is called
	// with a lock held, and must not use the cache. Nil: none does.
	Outage func(err error, v V) bool
	// Keep returns what is to be kept of a loaded value; ok is false for a value that is not to be kept. Nil: all of it.
	Keep func(v V) (kept V, ok bool)

	Now  func() time.Time // the clock, asked at every read; nil: the system's, asked once per tick
	Rand func() float64   // the source of jitter, in [0,1), safe for concurrent use; nil: the system's
}

const (
	defaultMaxEntries = 10_000
	jitter            = 0.1
	// longest bounds the times, so that their sums do not overflow: with it, for ever is fifty years.
	longest = 50 * 365 * 24 * time.Hour
	// maxRefreshes bounds the loads in the background: when many values are due at once, the rest stay due, and are
	// loaded when they are read next.
	maxRefreshes = 16
)

// Cache keeps what a load found for a while, and shares one load among the concurrent callers of a key through a
// [Flight]. Reading what it keeps takes no lock, allocates nothing, and does not ask the system's clock.
//
//   - A value lives for TTL less a random tenth, so that what was loaded together does not end together.
//   - Errors are not kept, save for one that Absent knows, for NegativeTTL.
//   - A load that fails with an outage leaves what is kept as it is, and StaleIfError lets it be served past its end.
//     After any other failure it never is.
//   - A load that began before a Forget of its key, or before another load of it, stores nothing.
//   - At MaxEntries, an entry is dropped that is over, or was read least among a few; see evict.go.
//
// All methods are safe for concurrent use. A Cache that has kept anything has a goroutine, unless the clock is injected;
// [Cache.Close] ends it.
type Cache[V any] struct {
	options Options[V]
	load    func(ctx context.Context, key string) (V, error)
	flight  *Flight[string, Item[V]]
	seed    maphash.Seed
	clock   clock
	counters
	table    table[V]
	entries  atomic.Int64
	eviction eviction

	gate      sync.Mutex // held to begin a goroutine, and to close
	closed    atomic.Bool
	running   sync.WaitGroup
	refreshes chan struct{} // has room for one more while one more may run
}

// Item is a value and what is known about it.
type Item[V any] struct {
	Value   V         // zero for an absence
	Fetched time.Time // when the load began that found it
	Cached  bool      // it was kept, and not loaded for this call
	Stale   bool      // it is past its end
}

// New returns a cache over load, for which the rules of [NewFlight] hold.
func New[V any](load func(ctx context.Context, key string) (V, error), options Options[V]) *Cache[V] {
	if options.MaxEntries == 0 {
		options.MaxEntries = defaultMaxEntries
	}
	for _, span := range []*time.Duration{&options.TTL, &options.NegativeTTL, &options.RefreshAhead, &options.StaleIfError} {
		*span = min(*span, longest)
	}
	if options.Absent == nil {
		options.Absent = func(error) bool { return false }
	}
	if options.Outage == nil {
		options.Outage = func(error, V) bool { return false }
	}
	if options.Keep == nil {
		options.Keep = func(v V) (V, bool) { return v, true }
	}
	if options.Rand == nil {
		options.Rand = rand.Float64
	}
	c := &Cache[V]{
		options:   options,
		load:      load,
		seed:      maphash.MakeSeed(),
		counters:  newCounters(),
		refreshes: make(chan struct{}, maxRefreshes),
	}
	c.clock = clock{source: options.Now, tick: options.precision(), done: make(chan struct{})}
	if c.clock.source == nil {
		c.clock.base = time.Now()
	} else {
		c.clock.base = c.clock.source()
	}
	c.flight = NewFlight(c.fetch)
	return c
}

// precision is how far the readers' clock may be behind: a sixty-fourth of the shortest span that matters, a second at most.
func (o *Options[V]) precision() time.Duration {
	tick := time.Second
	for _, span := range []time.Duration{o.TTL, o.NegativeTTL, o.RefreshAhead, o.StaleIfError} {
		if span > 0 {
			tick = min(tick, span/64)
		}
	}
	return max(tick, time.Millisecond)
}

// Find returns the value of key if it is kept and current. It is the short way of [Cache.Get], which is to be called
// where it finds nothing, for whatever reason. A nil Cache keeps nothing.
func (c *Cache[V]) Find(key string) (v V, ok bool) {
	if c == nil {
		return v, false
	}
	hash := maphash.Comparable(c.seed, key)
	e := c.table.shard(hash).quickFind(hash, key)
	if e == nil || c.clock.now() >= e.due.Load() {
		return v, false
	}
	state := e.state.Load()
	if state&heat != heat {
		e.read(state)
	}
	if state&held != 0 {
		return v, false
	}
	c.add(hits)
	return e.value, true
}

// Get returns the value of key, kept or loaded, or the error of its load. An absence that is kept is returned with
// Cached set and the very error that its load returned: whoever passes it on copies it first if it can be changed.
//
// The context is that of [Flight.Do], whose errors Get returns as they are. Only a load obeys it: what is kept is
// returned whether or not the context has ended.
func (c *Cache[V]) Get(ctx context.Context, key string) (Item[V], error) {
	hash := maphash.Comparable(c.seed, key)
	if e, _, _ := c.table.shard(hash).find(hash, key); e != nil {
		now, state := c.clock.now(), e.state.Load()
		past := now >= e.expires
		if !past || state&held != 0 && e.usable(now, c.options.StaleIfError) {
			if e.absence == nil && now >= e.due.Load() {
				c.refresh(ctx, e)
			}
			e.read(state)
			return c.kept(e, past)
		}
	}
	item, with, err := c.flight.Do(ctx, key)
	c.add(outcome(item, with, err))
	return item, err
}

// kept is the answer from an entry.
func (c *Cache[V]) kept(e *entry[V], stale bool) (Item[V], error) {
	item, err := c.item(e, stale)
	c.add(outcome(item, Alone, err))
	return item, err
}

func (c *Cache[V]) item(e *entry[V], stale bool) (Item[V], error) {
	item := Item[V]{Value: e.value, Fetched: c.clock.time(e.fetched), Cached: true, Stale: stale}
	if e.absence != nil {
		return item, *e.absence
	}
	return item, nil
}

// outcome is what a Get with this answer counts as.
func outcome[V any](item Item[V], with Company, err error) counter {
	switch {
	case item.Stale:
		return staleHits
	case item.Cached && err != nil:
		return negativeHits
	case item.Cached:
		return hits
	case with == Joined:
		return coalesced
	}
	return loads
}

// Has reports whether key is kept, as a value or an absence, and current. It counts nothing.
func (c *Cache[V]) Has(key string) bool {
	hash := maphash.Comparable(c.seed, key)
	e, _, _ := c.table.shard(hash).find(hash, key)
	return e != nil && e.current(c.clock.now())
}

// Forget drops what is kept of key, and what the loads of it that are under way will find.
func (c *Cache[V]) Forget(key string) {
	hash := maphash.Comparable(c.seed, key)
	s := c.table.shard(hash)
	s.mu.Lock()
	delete(s.loadings, key)
	if e, _, _ := s.find(hash, key); e != nil {
		c.drop(s, hash, e)
	}
	s.mu.Unlock()
	c.flight.Forget(key)
}

// ForgetAll is Forget for every key.
func (c *Cache[V]) ForgetAll() {
	for i := range c.table.shards {
		s := &c.table.shards[i]
		s.mu.Lock()
		s.loadings = nil
		for e := range s.all {
			c.drop(s, c.hash(e.key), e)
		}
		s.mu.Unlock()
	}
	c.flight.ForgetAll()
}

// Stats returns the counters as they stand.
func (c *Cache[V]) Stats() Stats {
	return Stats{
		Hits:         c.sum(hits),
		NegativeHits: c.sum(negativeHits),
		StaleHits:    c.sum(staleHits),
		Loads:        c.sum(loads),
		Coalesced:    c.sum(coalesced),
		Refreshes:    c.sum(refreshes),
		Evictions:    c.sum(evictions),
		Entries:      int(c.entries.Load()),
	}
}

// Close ends the loads as [Flight.Close] does, drops everything that is kept, and returns when the cache's goroutines
// have ended. Get fails with cause from then on. Closing twice is fine.
func (c *Cache[V]) Close(cause error) {
	c.gate.Lock()
	if !c.closed.Swap(true) {
		close(c.clock.done)
	}
	c.gate.Unlock()
	c.flight.Close(cause)
	c.running.Wait()
	c.ForgetAll()
}

// begin runs f in a goroutine that Close waits for, unless the cache is closed.
func (c *Cache[V]) begin(f func()) bool {
	c.gate.Lock()
	defer c.gate.Unlock()
	if c.closed.Load() {
		return false
	}
	c.running.Go(f)
	return true
}

func (c *Cache[V]) hash(key string) uint64 { return maphash.Comparable(c.seed, key) }

// drop removes e, if it is still there. The shard's lock is held.
func (c *Cache[V]) drop(s *shard[V], hash uint64, e *entry[V]) bool {
	if !s.remove(hash, e) {
		return false
	}
	c.entries.Add(-1)
	return true
}
