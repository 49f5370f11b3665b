package cache

import "sync"

// Which entry goes when there are too many is decided by CLOCK with a count of up to three reads per entry and a bounded
// walk: a hand goes round the table, whose order is that of the hashes, which is random. It drops the first entry that is
// over or was not read since the hand was there last, and takes one read off every other that it passes; after
// maxWalk of them it drops the one with the fewest reads.
//
// Reading an entry thus costs one write at most three times between two visits of the hand, no list is kept in order
// and no entry needs memory for one, a scan of names that nobody asks for again pushes out itself rather than what is
// read often, and an insertion costs the same in a large cache as in a small one.

const maxWalk = 16

type eviction struct {
	mu    sync.Mutex
	shard int
	place int // in the shard: group and place in one number
}

// makeRoom drops an entry, not new, if there are too many.
func (c *Cache[V]) makeRoom(new *entry[V]) {
	if c.entries.Load() <= int64(c.options.MaxEntries) {
		return
	}
	c.eviction.mu.Lock()
	defer c.eviction.mu.Unlock()
	for c.entries.Load() > int64(c.options.MaxEntries) && c.evict(new) {
		c.add(evictions)
	}
}

// evict drops one entry and reports whether there was any but spare.
func (c *Cache[V]) evict(spare *entry[V]) bool {
	now := c.clock.exact()
	var coldest *entry[V]
	var reads uint32 // of the coldest
	for seen, around := 0, 0; seen < maxWalk && around <= shards; {
		s := &c.table.shards[c.eviction.shard]
		s.mu.Lock()
		e, end := s.next(&c.eviction.place)
		switch {
		case end:
			c.eviction.shard, c.eviction.place = (c.eviction.shard+1)%shards, 0
			around++
		case e == spare:
		case !e.usable(now, c.options.StaleIfError), e.state.Load()&heat == 0:
			dropped := c.drop(s, c.hash(e.key), e)
			s.mu.Unlock()
			return dropped
		default:
			seen++
			if n := e.state.Add(^uint32(0)) & heat; coldest == nil || n < reads {
				coldest, reads = e, n
			}
		}
		s.mu.Unlock()
	}
	if coldest == nil {
		return false
	}
	hash := c.hash(coldest.key)
	s := c.table.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.drop(s, hash, coldest)
}

// next returns the first entry at or after a place, and moves the place behind it. The lock is held.
func (s *shard[V]) next(place *int) (e *entry[V], end bool) {
	p := s.groups.Load()
	if p == nil {
		return nil, true
	}
	for ; *place < len(*p)*places; *place++ {
		if e = (*p)[*place/places].entries[*place%places].Load(); e != nil {
			*place++
			return e, false
		}
	}
	return nil, true
}

// startClock starts the goroutine of the clock, which also drops what will never be served again: a few shards each
// tick, all in turn once in sixty-four. A secret that is over does not stay in memory because nobody asks for it.
func (c *Cache[V]) startClock() {
	if c.clock.source != nil {
		return
	}
	shard := 0
	c.begin(func() {
		c.clock.run(func() {
			for range shards / 64 {
				c.sweep(&c.table.shards[shard])
				shard = (shard + 1) % shards
			}
		})
	})
}

func (c *Cache[V]) sweep(s *shard[V]) {
	now := c.clock.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := range s.all {
		if !e.usable(now, c.options.StaleIfError) {
			c.drop(s, c.hash(e.key), e)
		}
	}
}
