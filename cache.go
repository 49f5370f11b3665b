package secrets

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/secretchain/secrets/internal/cache"
)

// CacheOptions says how long a chain keeps what it found. Nil in Options: nothing is kept.
//
// What is kept is what a search ended with: connections, a variable, a config value, or that no layer has the name.
// A failure is never kept, nor is a value that was found past a layer that was unavailable, which might hold the name
// itself. A failure of another class that ContinueOn or FallThrough passes over counts like an absence here too.
//
// A cache that keeps anything has a goroutine, which [Chain.Close] ends, unless Now is set.
type CacheOptions struct {
	// TTL is how long a value is served without asking again. A random tenth of it at most is taken off, so that names
	// that were looked up together, or by many programs at once, are not asked for again together. 0: 15 minutes.
	TTL time.Duration
	// NegativeTTL is how long an absence is remembered, with the same jitter. 0: it is not.
	NegativeTTL time.Duration
	// RefreshAhead is how long before its end a value that is read is fetched again in the background, while its readers
	// go on with the value they have: half of a value's life at most, less a random half. Shorter than TTL; 0: off.
	RefreshAhead time.Duration
	// StaleIfError is how long past its end a value is served while the search for it fails with ErrUnavailable, and with
	// no other class; not once the layer that it is from says anything else. Each failure buys a pause in which the name is
	// not asked for again: ten times what the attempt took, doubled with every failure in a row, TTL at most. After the
	// first, attempts are made in the background: nobody waits for a store that is down, and one that is back is not asked
	// for everything at once. A store that never answers fails only when the Timeout of its layer has passed: set one that
	// is shorter than what callers wait. 0: off.
	StaleIfError time.Duration
	// MaxEntries bounds the names kept, of each kind. What is over goes first, then what is read least. 0: 10 000.
	MaxEntries int
	// Now is the clock, asked at every read. Nil: the system's clock, asked once in a while: what is kept may be served
	// longer by a sixty-fourth of the shortest of the times above, by a second at most, and by a millisecond at least.
	Now func() time.Time
}

const defaultTTL = 15 * time.Minute

func (o *CacheOptions) ttl() time.Duration {
	if o.TTL == 0 {
		return defaultTTL
	}
	return o.TTL
}

func (o *CacheOptions) check() error {
	switch {
	case o.TTL < 0, o.NegativeTTL < 0, o.RefreshAhead < 0, o.StaleIfError < 0, o.MaxEntries < 0:
		return errors.New("cache: TTL, NegativeTTL, RefreshAhead, StaleIfError and MaxEntries cannot be negative")
	case o.RefreshAhead >= o.ttl():
		return errors.New("cache: RefreshAhead must be shorter than TTL")
	}
	return nil
}

// newCaches gives the chain a cache per kind.
func (c *Chain) newCaches(o *CacheOptions) {
	c.prefetches = cache.NewFlight(func(ctx context.Context, p *prefetch) (struct{}, error) { return struct{}{}, p.run(ctx) })
	for kind := KindConnection; kind <= KindConfig; kind++ {
		c.caches[kind] = cache.New(c.searchFor(kind), cache.Options[answer]{
			TTL: o.ttl(), NegativeTTL: o.NegativeTTL, RefreshAhead: o.RefreshAhead, StaleIfError: o.StaleIfError,
			MaxEntries: o.MaxEntries, Now: o.Now,
			Absent: func(err error) bool { return ClassOf(err) == ErrNotFound },
			Outage: c.outage,
			Keep:   keep,
		})
	}
}

// keep returns what is to be kept of an answer; not ok where a layer that might hold the name was unavailable.
func keep(a answer) (answer, bool) {
	o, usual := a.origin, true
	for i := range o.trail.n - 1 {
		switch ClassOf(o.trail.at(i).err) {
		case ErrNotFound:
		case ErrUnavailable, ErrClosed:
			return answer{}, false
		default:
			usual = false // the trail tells of a failure that was passed over
		}
	}
	switch {
	case !usual:
	case o.conns == nil:
		a.origin = &o.layer.origin
	default:
		a.origin = &origin{layer: o.layer, conns: o.conns}
	}
	return a, true
}

// outage reports whether a search failed because a layer was unavailable, and for no other reason than that. What the
// search passes over does not count, unless the layer that kept is from says it: that it refuses, or has the name no more.
func (c *Chain) outage(err error, kept answer) bool {
	e, ok := err.(*LookupError)
	if !ok {
		return ClassOf(err) == ErrUnavailable
	}
	out := false
	for _, a := range e.Tried {
		class := ClassOf(a.Err)
		switch {
		case class == ErrUnavailable:
			out = true
		case a.Layer == kept.origin.layer.Name:
			return false
		case class != ErrNotFound:
			i := slices.IndexFunc(c.layers, func(l layer) bool { return l.Name == a.Layer })
			if !c.fallThrough && !c.layers[i].goesOn(class) {
				return false
			}
		}
	}
	return out
}

// findCached is find through the cache.
func (c *Chain) findCached(ctx context.Context, r request) (cache.Item[answer], error) {
	if err := ctx.Err(); err != nil {
		return cache.Item[answer]{}, r.failed(err)
	}
	item, err := c.caches[r.kind].Get(ctx, r.id)
	switch e := err.(type) {
	case nil:
	case *LookupError:
		return cache.Item[answer]{Cached: item.Cached}, e.clone() // others may have the same error
	default:
		return cache.Item[answer]{}, r.failed(err)
	}
	return item, nil
}

// Forget drops a name from the cache, so that the next lookup asks the layers. A search that is under way goes on for
// those who wait for it; who comes after Forget is not given what it finds.
func (c *Chain) Forget(kind Kind, id string) {
	if kind >= KindConnection && kind <= KindConfig {
		c.forget(request{kind, id})
	}
}

// ForgetAll is Forget for every name of every kind: after a rotation of much at once, or on a signal to reload.
func (c *Chain) ForgetAll() {
	for kind := KindConnection; kind <= KindConfig; kind++ {
		if kept := c.caches[kind]; kept != nil {
			kept.ForgetAll()
		} else {
			c.flights[kind].ForgetAll()
		}
	}
}

func (c *Chain) forget(r request) {
	if kept := c.caches[r.kind]; kept != nil {
		kept.Forget(r.id)
	} else {
		c.flights[r.kind].Forget(r.id)
	}
}
