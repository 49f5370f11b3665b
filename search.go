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

// failed is the error of a lookup that came to no end of its own: its caller's context ended, or the chain is closed.
func (r request) failed(err error) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	return &Error{Op: "get", Kind: r.kind, ID: r.id, Err: flightError(err)}
}

// answer is what a search found.
type answer struct {
	text   string // of a variable or a config value
	origin *origin
}

// origin is what is known of an answer besides its text. It never changes. The texts that a search found in the usual
// way, unmeasured, share the one of their layer.
type origin struct {
	layer   *layer
	conns   []Connection // KindConnection, never empty
	fetched time.Time    // zero: nobody measured
	trail   *trail       // every layer that was asked, this one included; nil: see Chain.retrace
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

// searchFor is search for one kind.
func (c *Chain) searchFor(kind Kind) func(ctx context.Context, id string) (answer, error) {
	return func(ctx context.Context, id string) (answer, error) { return c.search(ctx, request{kind, id}) }
}

// search asks the layers in order (specification, lookup §2 and §6.3). It is the one load behind every read; the flight
// shares it among concurrent callers. Its context ends when nobody waits for it any more.
func (c *Chain) search(ctx context.Context, r request) (answer, error) {
	var t trail
	a, err := c.walk(ctx, r, &t)
	c.stats.backendCalls.Add(uint64(t.n))
	return a, err
}

// walk is search, and leaves its calls in t.
func (c *Chain) walk(ctx context.Context, r request, t *trail) (answer, error) {
	timed := c.timed(ctx, r.kind)
	usual := !timed // the trail tells nothing that the layers do not
	var start time.Time
	if timed {
		start = time.Now()
	}
	for i := range c.layers {
		l := &c.layers[i]
		if !l.asked(r) {
			continue
		}
		var f found
		var err error
		if c.observer == nil && l.Timeout == 0 {
			f, err = l.call(ctx, r) // a layer in memory takes less time than the way through observed and ask
		} else {
			f, err = c.observed(ctx, l, r)
		}
		rec := record{layer: l, err: err}
		if timed {
			now := time.Now()
			rec.took, start = now.Sub(start), now
		}
		if err == nil {
			t.add(rec)
			c.mask(r, f)
			if usual && f.conns == nil {
				return answer{f.text, &l.origin}, nil
			}
			o := &origin{layer: l, conns: f.conns, fetched: start}
			if !usual {
				o.trail = new(trail)
				*o.trail = *t
			}
			return answer{f.text, o}, nil
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
	return answer{}, newLookupError(r, t)
}

// timed reports whether a search is measured: the clock costs more than a layer in memory.
func (c *Chain) timed(ctx context.Context, kind Kind) bool {
	return c.observer != nil || c.caches[kind] != nil || !c.flights[kind].Inline(ctx)
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
	ctx, end := c.observe(ctx, Call{Layer: l.Name, Kind: r.kind, ID: r.id})
	f, err := l.ask(ctx, r)
	if r.kind == KindConfig {
		end(unasked(err))
	} else {
		end(err)
	}
	return f, err
}

// observe begins a call in the sight of the Observer, if there is one.
func (c *Chain) observe(ctx context.Context, call Call) (context.Context, func(err error)) {
	ignore := func(error) {}
	if c.observer == nil {
		return ctx, ignore
	}
	ctx, end := c.observer.Start(ctx, call)
	if end == nil {
		end = ignore
	}
	return ctx, end
}
