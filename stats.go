package secrets

import "sync/atomic"

// Stats counts what a chain did since it was made. Rates are for the caller to derive from two readings.
type Stats struct {
	Lookups      uint64 // reads asked of the chain
	Hits         uint64 // answered from the cache
	NegativeHits uint64 // answered "not found" from the cache
	StaleHits    uint64 // answered from the cache past its time, because the store was unavailable
	Coalesced    uint64 // answered by another caller's search of the same name
	BackendCalls uint64 // calls to backends: what costs time and money
	Errors       uint64 // backend calls that failed otherwise than by absence
}

type counters struct {
	lookups, hits, negativeHits, staleHits, coalesced, backendCalls, errors atomic.Uint64
}

// Stats returns the counters as they stand.
func (c *Chain) Stats() Stats {
	s := &c.stats
	return Stats{
		Lookups:      s.lookups.Load(),
		Hits:         s.hits.Load(),
		NegativeHits: s.negativeHits.Load(),
		StaleHits:    s.staleHits.Load(),
		Coalesced:    s.coalesced.Load(),
		BackendCalls: s.backendCalls.Load(),
		Errors:       s.errors.Load(),
	}
}
