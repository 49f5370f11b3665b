package secrets

import (
	"context"
	"slices"
	"time"

	"github.com/secretchain/secrets/internal/cache"
)

// Result is a value with its origin: which layer answered, when it was fetched, and which layers were asked.
type Result[T any] struct {
	Value   T
	Layer   string    // the layer that holds the value
	Fetched time.Time // when that layer answered; with a cache, when the search began that found the value
	Cached  bool      // the value comes from the chain's cache
	Stale   bool      // it comes from the cache past its time, because the search for it fails with ErrUnavailable
	Tried   []Attempt // the layers that were asked, in order; for a cached value the ones asked when it was fetched
}

// Attempt is one layer's answer in a search.
type Attempt struct {
	Layer     string
	StoreName string        // the name in that layer's store, where it can tell
	Err       error         // nil: found
	Took      time.Duration // zero where nobody measured: in values from the cache, and in Get methods with a context that cannot end and no Observer
}

// LookupConnection is [Chain.GetConnection] that also tells where the connection comes from. A failed search returns
// its attempts in the Result too.
func (c *Chain) LookupConnection(ctx context.Context, id string) (Result[Connection], error) {
	return lookup(ctx, c, request{KindConnection, id}, func(a answer) Connection { return c.choose(a.origin.conns) })
}

// LookupVariable is [Chain.GetVariable] that also tells where the value comes from, and keeps it in a [Secret].
func (c *Chain) LookupVariable(ctx context.Context, key string) (Result[Secret], error) {
	return lookup(ctx, c, request{KindVariable, key}, func(a answer) Secret { return NewSecret(a.text) })
}

func lookup[T any](ctx context.Context, c *Chain, r request, value func(answer) T) (Result[T], error) {
	item, err := c.measured(ctx, r)
	res := Result[T]{Cached: item.Cached, Stale: item.Stale}
	if err != nil {
		if e, ok := err.(*LookupError); ok {
			res.Tried = slices.Clone(e.Tried)
		}
		return res, err
	}
	o := item.Value.origin
	res.Value, res.Layer, res.Fetched = value(item.Value), o.layer.Name, item.Fetched
	t := o.trail
	if t == nil {
		t = c.retrace(r, o.layer)
	}
	res.Tried = t.attempts(r, make([]Attempt, t.n))
	return res, nil
}

// measured is find that tells when the answer was fetched.
func (c *Chain) measured(ctx context.Context, r request) (cache.Item[answer], error) {
	if c.caches[r.kind] != nil {
		return c.findCached(ctx, r)
	}
	ctx, cancel := context.WithCancel(ctx) // a search that can end is measured; see Chain.timed
	defer cancel()
	a, err := c.findShared(ctx, r)
	if err != nil {
		return cache.Item[answer]{}, err
	}
	fetched := a.origin.fetched
	if fetched.IsZero() { // joined a search that nobody measured, and that has ended just now
		fetched = time.Now()
	}
	return cache.Item[answer]{Value: a, Fetched: fetched}, nil
}

// attempts fills to, which has room, with the trail in its public form.
func (t *trail) attempts(r request, to []Attempt) []Attempt {
	for i := range t.n {
		rec, a := t.at(i), &to[i]
		a.Layer, a.Err, a.Took = rec.layer.Name, rec.err, rec.took
		if e, ok := rec.err.(*Error); ok && e.StoreName != "" {
			a.StoreName = e.StoreName
		} else {
			a.StoreName = rec.layer.storeName(r)
		}
	}
	return to[:t.n]
}
