package cache

import (
	"context"
	"math"
	"time"
)

// Loading is one load of a key, and the right to store what it finds: void once the key was forgotten, or another load
// of it began. It is to be ended with Store or with Drop.
type Loading[V any] struct {
	cache *Cache[V]
	shard *shard[V]
	key   string
	hash  uint64
	began int64
}

// Begin is to be called before key is asked for, by whoever loads it otherwise than through Get.
func (c *Cache[V]) Begin(key string) *Loading[V] {
	hash := c.hash(key)
	l := &Loading[V]{cache: c, shard: c.table.shard(hash), key: key, hash: hash, began: c.clock.exact()}
	l.shard.mu.Lock()
	defer l.shard.mu.Unlock()
	if l.shard.loadings == nil {
		l.shard.loadings = map[string]*Loading[V]{}
	}
	l.shard.loadings[key] = l
	return l
}

// Drop ends a load without a result. After Store it does nothing.
func (l *Loading[V]) Drop() {
	l.shard.mu.Lock()
	defer l.shard.mu.Unlock()
	l.end()
}

// end reports whether l may store, which it may once at most. The lock is held.
func (l *Loading[V]) end() bool {
	if l.shard.loadings[l.key] != l {
		return false
	}
	delete(l.shard.loadings, l.key)
	return !l.cache.closed.Load()
}

// Store ends a load with its result and returns what its callers are to get: the result, or in an outage what is kept.
func (l *Loading[V]) Store(v V, err error) (Item[V], error) {
	c := l.cache
	now := c.clock.exact()
	absent := err != nil && c.options.Absent(err)
	var e *entry[V] // what is to be kept
	switch {
	case err == nil:
		if kept, ok := c.options.Keep(v); ok && c.options.TTL > 0 {
			e = c.entry(l, kept)
		}
	case absent && c.options.NegativeTTL > 0:
		e = c.absence(l, err)
	}
	entered, item, instead := l.settle(e, err, absent, now)
	if entered {
		c.makeRoom(e)
		c.clock.start.Do(c.startClock)
	}
	if instead {
		return item, nil
	}
	return Item[V]{Value: v, Fetched: c.clock.time(l.began)}, err
}

// settle ends l, and settles what is kept: e, unless it is nil or l is void; else what was kept before, if the load tells
// nothing against it. In an outage that is the answer instead.
func (l *Loading[V]) settle(e *entry[V], err error, absent bool, now int64) (entered bool, item Item[V], instead bool) {
	c := l.cache
	l.shard.mu.Lock()
	defer l.shard.mu.Unlock()
	valid := l.end()
	old, _, _ := l.shard.find(l.hash, l.key)
	value := old != nil && old.absence == nil
	switch {
	case value && err != nil && !absent && c.options.Outage(err, old.value):
		item, instead = c.hold(old, now, now-l.began)
	case !valid:
	case e != nil:
		if old != nil {
			e.state.Store(old.state.Load() & heat)
		}
		if l.shard.put(l.hash, e, c.hash) {
			c.entries.Add(1)
		}
		entered = true
	case old == nil: // nothing to be dropped
	case err == nil && value && now < old.expires: // not to be kept: the old one goes on, and not every read loads it again
		_, _ = c.hold(old, now, now-l.began)
	case err == nil: // not to be kept, but the answer: the old one is for the next outage
		old.clear(held)
	case absent:
		c.drop(l.shard, l.hash, old)
	case value && now < old.expires: // refused ahead of time: good until its end, and no longer
		old.set(final)
		old.due.Store(old.expires)
	case value:
		c.drop(l.shard, l.hash, old)
	}
	return entered, item, instead
}

// entry makes the entry of a value.
func (c *Cache[V]) entry(l *Loading[V], v V) *entry[V] {
	life := c.lifetime(c.options.TTL)
	e := &entry[V]{key: l.key, value: v, fetched: l.began, expires: l.began + life}
	ahead := (1 - c.options.Rand()/2) * float64(min(int64(c.options.RefreshAhead), life/2))
	e.due.Store(e.expires - int64(ahead))
	return e
}

// absence makes the entry of an absence. It is always due, so that Find, which looks at nothing else, never takes it for
// a value, even if the clock goes back.
func (c *Cache[V]) absence(l *Loading[V], err error) *entry[V] {
	e := &entry[V]{key: l.key, absence: &err, fetched: l.began, expires: l.began + c.lifetime(c.options.NegativeTTL)}
	e.due.Store(math.MinInt64)
	return e
}

// fetch is the load behind the flight: at most one runs for a key, save after a Forget.
func (c *Cache[V]) fetch(ctx context.Context, key string) (Item[V], error) {
	hash := c.hash(key)
	// Another load may have ended between this caller's look at the table and its turn.
	if e, _, _ := c.table.shard(hash).find(hash, key); e != nil && e.current(c.clock.exact()) {
		return c.item(e, false)
	}
	l := c.Begin(key)
	defer l.Drop()
	v, err := c.load(ctx, key)
	if err != nil && ctx.Err() != nil { // nobody waits any more: that says nothing about the store
		return Item[V]{}, err
	}
	return l.Store(v, err)
}

// hold keeps e, a value, through a load that came to nothing after a while, and returns it as the answer if it may be served.
//
// A failure buys a pause, in which e is served without another attempt. Pauses grow up to TTL, so that a store that is
// down is asked for a name hardly more often than one that is up, and a store that is back is not asked for everything
// at once. Past its end e is then held: the attempts are made in the background, and nobody waits for them.
func (c *Cache[V]) hold(e *entry[V], now, took int64) (item Item[V], ok bool) {
	past := now >= e.expires
	if !e.usable(now, c.options.StaleIfError) {
		return item, false
	}
	pause := e.pause(took, c.options.TTL)
	switch {
	case !past: // a load ahead of time, after which there is to be another before the end
		pause = min(max(pause, int64(c.options.RefreshAhead/8)), e.expires-now)
	case pause > 0:
		e.set(held)
	}
	e.due.Store(now + int64((0.5+c.options.Rand()/2)*float64(pause)))
	item, _ = c.item(e, past)
	return item, true
}

// refresh loads a value again in the background, unless that is being done or enough are being loaded.
func (c *Cache[V]) refresh(ctx context.Context, e *entry[V]) {
	if !e.set(refreshing) {
		return
	}
	select {
	case c.refreshes <- struct{}{}:
	default:
		e.clear(refreshing)
		return
	}
	ctx = context.WithoutCancel(ctx)
	if !c.begin(func() {
		defer func() {
			e.clear(refreshing)
			<-c.refreshes
		}()
		_, _, _ = c.flight.Do(ctx, e.key) // what it found is in the table; a failure leaves what is there
	}) {
		<-c.refreshes
		return
	}
	c.add(refreshes)
}

// lifetime is ttl with jitter.
func (c *Cache[V]) lifetime(ttl time.Duration) int64 {
	return int64(ttl) - int64(jitter*c.options.Rand()*float64(ttl))
}
