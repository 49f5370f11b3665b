package secrets

import (
	"context"
	"slices"
	"time"
)

// Result is a value with its origin: which layer answered, when it was fetched, and which layers were asked.
type Result[T any] struct {
	Value   T
	Layer   string    // the layer that holds the value
	Fetched time.Time // when that layer answered; with a cache, when the search began that found the value
	Cached  bool      // the value comes from the chain's cache
	Stale   bool      // it comes from the cache past its time, because the store that holds it is unavailable
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
	return lookup(ctx, c, request{KindConnection, id}, func(f found) Connection { return c.choose(f.conns) })
}

// LookupVariable is [Chain.GetVariable] that also tells where the value comes from, and keeps it in a [Secret].
func (c *Chain) LookupVariable(ctx context.Context, key string) (Result[Secret], error) {
	return lookup(ctx, c, request{KindVariable, key}, func(f found) Secret { return NewSecret(f.text) })
}

func lookup[T any](ctx context.Context, c *Chain, r request, value func(found) T) (Result[T], error) {
	if ctx.Done() == nil && c.caches[r.kind] == nil { // a search that can end is measured; see Chain.search
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	a, err := c.find(ctx, r)
	res := Result[T]{Cached: a.cached, Stale: a.stale}
	if err != nil {
		if e, ok := err.(*LookupError); ok {
			res.Tried = slices.Clone(e.Tried)
		}
		return res, err
	}
	if a.trail == nil {
		a.trail = c.retrace(r, a.layer)
	}
	res.Tried = a.trail.attempts(r, make([]Attempt, 0, a.trail.n))
	res.Value, res.Layer, res.Fetched = value(a.found), a.layer.Name, a.fetched
	if res.Fetched.IsZero() { // joined a search that nobody measured, and that has ended just now
		res.Fetched = time.Now()
	}
	return res, nil
}

// attempts appends the trail in its public form.
func (t *trail) attempts(r request, to []Attempt) []Attempt {
	for i := range t.n {
		rec := t.at(i)
		a := Attempt{Layer: rec.layer.Name, Err: rec.err, Took: rec.took}
		if e, ok := rec.err.(*Error); ok && e.StoreName != "" {
			a.StoreName = e.StoreName
		} else {
			a.StoreName = rec.layer.storeName(r)
		}
		to = append(to, a)
	}
	return to
}
