package secrets

import "sync/atomic"

// Stats counts what a chain did since it was made. Rates are for the caller to derive from two readings.
type Stats struct {
	Lookups      uint64 // reads asked of the chain
	Hits         uint64 // answered from the cache
	NegativeHits uint64 // answered "not found" from the cache
	StaleHits    uint64 // answered from the cache past its time, because a store was unavailable
	Coalesced    uint64 // answered by another caller's search of the same name
	BackendCalls uint64 // reads, writes and checks of backends, a batch counting as one: what costs time and money
	Errors       uint64 // backend calls that failed otherwise than by absence

	Refreshes uint64 // searches begun in the background, ahead of a value's end
	Evictions uint64 // names dropped from the cache because there were too many
	Entries   int    // names in the cache now, absent ones included
}

// counters are those that the cache does not count.
type counters struct {
	lookups, coalesced, backendCalls, errors atomic.Uint64
}

// Stats returns the counters as they stand.
func (c *Chain) Stats() Stats {
	s := Stats{
		Lookups:      c.stats.lookups.Load(),
		Coalesced:    c.stats.coalesced.Load(),
		BackendCalls: c.stats.backendCalls.Load(),
		Errors:       c.stats.errors.Load(),
	}
	for _, kept := range c.caches {
		if kept == nil {
			continue
		}
		k := kept.Stats()
		s.Lookups += k.Hits + k.NegativeHits + k.StaleHits + k.Loads + k.Coalesced
		s.Hits += k.Hits
		s.NegativeHits += k.NegativeHits
		s.StaleHits += k.StaleHits
		s.Coalesced += k.Coalesced
		s.Refreshes += k.Refreshes
		s.Evictions += k.Evictions
		s.Entries += k.Entries
	}
	return s
}
