package cache

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Stats counts what a cache did. Every Find that succeeds and every Get counts once, in one of the first five.
type Stats struct {
	Hits         uint64 // answered with a value that was kept
	NegativeHits uint64 // answered with an absence that was kept
	StaleHits    uint64 // answered with a value past its time, in an outage
	Loads        uint64 // ran a load of their own
	Coalesced    uint64 // waited for another caller's load

	Refreshes uint64 // loads begun ahead of time in the background
	Evictions uint64 // entries dropped to stay within MaxEntries
	Entries   int    // kept at the moment
}

type counter int

const (
	hits counter = iota
	negativeHits
	staleHits
	loads
	coalesced
	refreshes
	evictions
)

// counters are kept in stripes of one cache line each, so that goroutines on different cores do not fight over one.
type counters struct{ stripes []stripe }

type stripe [8]atomic.Uint64

func newCounters() counters {
	n := max(64, 8*runtime.GOMAXPROCS(0))
	return counters{make([]stripe, 1<<bits.Len(uint(n-1)))}
}

// add counts one. Where a goroutine counts depends on where its stack is, which is its own and stays put: the cheapest
// thing that differs between goroutines.
func (c *counters) add(which counter) {
	var here byte
	at := uint32(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b1 // Knuth's multiplicative hash
	c.stripes[int(at>>16)&(len(c.stripes)-1)][which].Add(1)
}

func (c *counters) sum(which counter) (n uint64) {
	for i := range c.stripes {
		n += c.stripes[i][which].Load()
	}
	return n
}
