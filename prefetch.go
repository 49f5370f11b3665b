package secrets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/secretchain/secrets/internal/cache"
)

// prefetchers is how many calls for one name each a Prefetch makes at once.
const prefetchers = 8

// Prefetch looks ids up and keeps what it finds, so that the first reads of a program are quick and its stores get few
// calls: in batches where a layer's backend is a [Batcher], otherwise name by name, eight at a time. Only names that a
// layer does not have go to the next. Names that are in the cache already are not asked for; lookups that are under way
// are not waited for, nor do they wait.
//
// A name that is absent everywhere is no error. The error joins one [Error] per layer and class of failure, with the
// first name that failed so. A layer that is unavailable is not asked for the rest of the names. What was found is kept
// all the same. Without Options.Cache, Prefetch fails with [errors.ErrUnsupported].
func (c *Chain) Prefetch(ctx context.Context, kind Kind, ids ...string) error {
	fail := func(err error) error { return &Error{Op: "prefetch", Kind: kind, Err: err} }
	switch {
	case kind < KindConnection || kind > KindConfig:
		return fail(fmt.Errorf("%w: not a kind of name", ErrMalformed))
	case c.caches[kind] == nil:
		return fail(fmt.Errorf("the chain has no cache, set Options.Cache: %w", errors.ErrUnsupported))
	}
	p := &prefetch{chain: c, kind: kind, failed: map[failureOf]bool{}}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !seen[id] && !c.caches[kind].Has(id) {
			seen[id] = true
			p.names = append(p.names, &wanted{id: id})
		}
	}
	// The flight ends the work with ctx or with the chain. Its key is this very call.
	if _, _, err := c.prefetches.Do(ctx, p); err != nil {
		return fail(flightError(err))
	}
	return errors.Join(p.failures...)
}

// prefetch is one call of Prefetch at work.
type prefetch struct {
	chain    *Chain
	kind     Kind
	names    []*wanted
	failures []error
	failed   map[failureOf]bool // what failures tells already
}

type failureOf struct {
	layer *layer
	class error
}

// wanted is one name on its way through the layers.
type wanted struct {
	id    string
	trail trail
	found *found
	over  bool // by a failure that the search does not pass over
}

// outcome is what one layer said of one name.
type outcome struct {
	found found
	err   error
	took  time.Duration
}

// run asks the layers in order, each for the names that are still missing, and keeps what they said.
func (p *prefetch) run(ctx context.Context) error {
	loadings := make([]*cache.Loading[answer], len(p.names))
	for i, w := range p.names {
		loadings[i] = p.chain.caches[p.kind].Begin(w.id)
		defer loadings[i].Drop()
	}
	for i := range p.chain.layers {
		l := &p.chain.layers[i]
		var missing []*wanted
		for _, w := range p.names {
			if w.found == nil && !w.over && l.asked(request{p.kind, w.id}) {
				missing = append(missing, w)
			}
		}
		if len(missing) > 1 {
			missing = p.batch(ctx, l, missing)
		}
		p.singly(ctx, l, missing)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	for i, w := range p.names {
		r := request{p.kind, w.id}
		if w.found == nil {
			_, _ = loadings[i].Store(answer{}, newLookupError(r, &w.trail))
			continue
		}
		p.chain.mask(r, *w.found)
		o := &origin{layer: w.trail.at(w.trail.n - 1).layer, conns: w.found.conns, trail: &w.trail}
		_, _ = loadings[i].Store(answer{w.found.text, o}, nil)
	}
	return nil
}

// batch asks a layer for all names at once, and returns those that are to be asked for singly: all of them if the layer
// has no batches; after a failure, which does not tell its names, those that were not returned. An outage concerns
// them all.
func (p *prefetch) batch(ctx context.Context, l *layer, missing []*wanted) (rest []*wanted) {
	if !l.batches(p.kind) {
		return missing
	}
	ids := make([]string, len(missing))
	for i, w := range missing {
		ids[i] = w.id
	}
	start := time.Now()
	callCtx, end := p.chain.observe(ctx, Call{Layer: l.Name, Kind: p.kind})
	all, err := l.askMany(callCtx, p.kind, ids)
	end(unasked(err))
	p.chain.count(ctx, err)
	if errors.Is(err, errors.ErrUnsupported) {
		return missing
	}
	if ctx.Err() != nil {
		return nil
	}
	for _, w := range missing {
		o := outcome{err: err, took: time.Since(start)}
		f, ok := all[w.id]
		switch class := ClassOf(err); {
		case ok:
			o.found, o.err = f, nil
		case class == nil:
			o.err = &Error{Op: "get", Kind: p.kind, ID: w.id, StoreName: l.storeName(request{p.kind, w.id}), Err: ErrNotFound}
		case class != ErrUnavailable && class != ErrClosed:
			rest = append(rest, w)
			continue
		}
		p.settle(ctx, l, w, o)
	}
	return rest
}

// singly asks a layer for one name after the other, a few at once, until it is unavailable.
func (p *prefetch) singly(ctx context.Context, l *layer, missing []*wanted) {
	outcomes := make([]outcome, len(missing))
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		next int
		down error // the outage after which no more names are asked for
	)
	take := func() (i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, down
	}
	for range min(prefetchers, len(missing)) {
		wg.Go(func() {
			for i, err := take(); i < len(missing) && ctx.Err() == nil; i, err = take() {
				if err != nil {
					outcomes[i].err = err
					continue
				}
				o, start := &outcomes[i], time.Now()
				o.err = safely(errObserverPanicked, func() (err error) {
					o.found, err = p.chain.observed(ctx, l, request{p.kind, missing[i].id})
					return err
				})
				o.took = time.Since(start)
				p.chain.count(ctx, o.err)
				if class := ClassOf(o.err); class == ErrUnavailable || class == ErrClosed {
					mu.Lock()
					down = o.err
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return // what failed may have failed for that
	}
	for i, w := range missing {
		if p.kind == KindConfig && errors.Is(outcomes[i].err, errors.ErrUnsupported) {
			continue // as in a search: not asked, after all
		}
		p.settle(ctx, l, w, outcomes[i])
	}
}

// settle notes what a layer said of a name.
func (p *prefetch) settle(ctx context.Context, l *layer, w *wanted, o outcome) {
	w.trail.add(record{layer: l, err: o.err, took: o.took})
	if o.err == nil {
		w.found = &o.found
		return
	}
	class := ClassOf(o.err)
	if class == ErrNotFound {
		return
	}
	w.over = !p.chain.fallThrough && !l.goesOn(class)
	if what := (failureOf{l, class}); !p.failed[what] {
		p.failed[what] = true
		p.failures = append(p.failures, l.failed(ctx, "prefetch", request{p.kind, w.id}, o.err))
	}
}
