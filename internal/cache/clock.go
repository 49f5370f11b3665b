package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

// clock tells the nanoseconds since the cache was made. Reading the system's clock costs more than the rest of a cached
// read, so readers see a coarse time, which a goroutine advances once per tick. An injected clock is asked every time.
type clock struct {
	base   time.Time
	source func() time.Time // nil: the system's clock
	tick   time.Duration
	coarse atomic.Int64

	start sync.Once
	done  chan struct{}
}

// now is the time as readers see it: late by a tick at most.
func (c *clock) now() int64 {
	if c.source != nil {
		return c.injected()
	}
	return c.coarse.Load()
}

func (c *clock) injected() int64 { return int64(c.source().Sub(c.base)) }

// exact is the time itself. It advances the coarse one too.
func (c *clock) exact() int64 {
	if c.source != nil {
		return c.injected()
	}
	now := int64(time.Since(c.base))
	c.coarse.Store(now)
	return now
}

// time converts.
func (c *clock) time(at int64) time.Time { return c.base.Add(time.Duration(at)) }

// run advances the coarse time until done is closed, and calls each after every tick.
func (c *clock) run(each func()) {
	ticker := time.NewTicker(c.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.exact()
			each()
		case <-c.done:
			return
		}
	}
}
