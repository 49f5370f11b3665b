package cache

import (
	"sync/atomic"
	"time"
)

// entry is what is known of one key. Its key, value and times never change; a new finding is a new entry. Times are
// nanoseconds of the cache's clock.
type entry[V any] struct {
	key     string
	due     atomic.Int64 // when a reader is to do more than read; before that, and unless held, it is current
	state   atomic.Uint32
	value   V
	absence *error // nil: there is a value
	fetched int64  // when the load began that found it
	expires int64
}

// The state of an entry: how often it was read, up to three; three marks; how many loads in a row failed since.
const (
	heat       = 3
	refreshing = 1 << 2 // somebody fetches it in the background
	held       = 1 << 3 // past its end and its store unavailable: not asked again before due
	final      = 1 << 4 // the store refused since: not to be served past its end
	failure    = 1 << 8 // and up
)

// read notes that e was read. Once e is hot that writes nothing, so that readers of one key share its cache line.
func (e *entry[V]) read(state uint32) {
	if state&heat != heat {
		e.state.CompareAndSwap(state, state+1) // a lost race is a lost note
	}
}

// set sets marks, and reports whether any of them was not set before.
func (e *entry[V]) set(marks uint32) bool { return e.state.Or(marks)&marks != marks }

func (e *entry[V]) clear(marks uint32) { e.state.And(^marks) }

// pause is how long e is to be left alone after one more load that failed and took a while: ten times that, doubled with
// every failure before it, most at most. A failure that took no time buys nothing.
func (e *entry[V]) pause(took int64, most time.Duration) int64 {
	failures := (e.state.Add(failure) / failure) - 1
	if pause := 10 * took; pause <= int64(most)>>min(failures, 62) {
		return pause << failures
	}
	return int64(most)
}

// current reports whether e answers a lookup at now without anything else to be done.
func (e *entry[V]) current(now int64) bool {
	return now < e.expires && (e.absence != nil || now < e.due.Load())
}

// usable reports whether e may still be served at now, be it past its end and only in an outage.
func (e *entry[V]) usable(now int64, stale time.Duration) bool {
	if e.absence != nil || e.state.Load()&final != 0 {
		return now < e.expires
	}
	return now < e.expires+int64(stale)
}
