package secrets

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// request is what one search looks for.
type request struct {
	kind Kind
	id   string
}

// answer is what a search ended with.
type answer struct {
	found
	layer   *layer    // that holds it
	fetched time.Time // zero: nobody measured
	trail   *trail    // every layer that was asked, this one included; nil: see Chain.retrace

	cached, stale bool // see Result
}

// record is one call of a search.
type record struct {
	layer *layer
	err   error
	took  time.Duration
}

// trail is the calls of a search in order, kept without allocation for chains of usual length.
type trail struct {
	n     int
	first [4]record
	more  []record
}

func (t *trail) add(r record) {
	if t.n < len(t.first) {
		t.first[t.n] = r
	} else {
		t.more = append(t.more, r)
	}
	t.n++
}

func (t *trail) at(i int) *record {
	if i < len(t.first) {
		return &t.first[i]
	}
	return &t.more[i-len(t.first)]
}

// search asks the layers in order (specification, lookup §2 and §6.3). It is the one load behind every read; the flight
// shares it among concurrent callers. Its context ends when nobody waits for it any more.
func (c *Chain) search(ctx context.Context, r request) (answer, error) {
	var t trail
	timed := c.observer != nil || c.caches[r.kind] != nil || !c.flight.Inline(ctx) // the clock costs more than a layer in memory
	usual := !timed                                                                // whether the trail tells nothing of its own
	var start time.Time
	if timed {
		start = time.Now()
	}
	defer func() { c.stats.backendCalls.Add(uint64(t.n)) }()
	for i := range c.layers {
		l := &c.layers[i]
		if !l.asked(r) {
			continue
		}
		f, err := c.observed(ctx, l, r)
		rec := record{layer: l, err: err}
		if timed {
			now := time.Now()
			rec.took, start = now.Sub(start), now
		}
		if err == nil {
			t.add(rec)
			c.mask(r, f)
			a := answer{found: f, layer: l, fetched: start}
			if !usual {
				a.trail = new(trail)
				*a.trail = t
			}
			return a, nil
		}
		if r.kind == KindConfig && errors.Is(err, errors.ErrUnsupported) {
			usual = false
			continue // a wrapper around something without config: not asked, after all
		}
		t.add(rec)
		if ctx.Err() != nil {
			return answer{}, &Error{Op: "get", Kind: r.kind, ID: r.id, Err: context.Cause(ctx)} // nobody waits, or Close
		}
		class := ClassOf(err)
		if class == ErrNotFound {
			continue
		}
		usual = false
		c.stats.errors.Add(1)
		if !c.fallThrough && !l.goesOn(class) {
			break
		}
		if c.logger != nil {
			c.logger.LogAttrs(ctx, slog.LevelWarn, "secrets: a layer failed, the search goes on",
				slog.String("layer", l.Name), slog.String("kind", r.kind.String()), slog.String("id", r.id), slog.Any("error", err))
		}
	}
	return answer{}, newLookupError(r, &t)
}

// retrace makes the trail of a search that found nothing but absences before the layer that it ended in, and that
// nobody measured or kept the trail of.
func (c *Chain) retrace(r request, last *layer) *trail {
	t := new(trail)
	for i := range c.layers {
		l := &c.layers[i]
		if l == last {
			break
		}
		if l.asked(r) {
			t.add(record{layer: l, err: &Error{Op: "get", Kind: r.kind, ID: r.id, StoreName: l.storeName(r), Err: ErrNotFound}})
		}
	}
	t.add(record{layer: last})
	return t
}

// observed asks a layer in the sight of the Observer.
func (c *Chain) observed(ctx context.Context, l *layer, r request) (found, error) {
	if c.observer == nil {
		return l.ask(ctx, r)
	}
	ctx, end := c.observer.Start(ctx, Call{Layer: l.Name, Kind: r.kind, ID: r.id})
	f, err := l.ask(ctx, r)
	if end != nil {
		end(err)
	}
	return f, err
}
