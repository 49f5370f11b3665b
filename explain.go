package secrets

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNotMatched is why a layer was not asked.
var errNotMatched = fmt.Errorf("%w: not asked, the layer's Match leaves this name out", ErrNotFound)

// errNoConfig is why a layer was not asked for a config value.
var errNoConfig = fmt.Errorf("%w: not asked, the backend has no config values", ErrNotFound)

// Explain asks every layer for id, whether or not an earlier one has it, and tells what each said. It reveals nothing
// and ignores the cache. An Attempt without error is a layer that holds the name: the first of them is the one that a
// lookup answers from, if no failure before it ends the search. Layers that are not asked are listed with an error of
// class ErrNotFound that says so. Explain itself fails only when ctx ends, the chain is closed, or kind is none.
func (c *Chain) Explain(ctx context.Context, kind Kind, id string) ([]Attempt, error) {
	r := request{kind, id}
	switch {
	case kind < KindConnection || kind > KindConfig:
		return nil, &Error{Op: "explain", Kind: kind, ID: id, Err: fmt.Errorf("%w: not a kind of name", ErrMalformed)}
	case c.closed():
		return nil, &Error{Op: "explain", Kind: kind, ID: id, Err: ErrClosed}
	}
	attempts := make([]Attempt, 0, len(c.layers))
	for i := range c.layers {
		l := &c.layers[i]
		a := Attempt{Layer: l.Name, StoreName: l.storeName(r)}
		switch {
		case l.Match != nil && !l.Match(kind, id):
			a.Err = errNotMatched
		case !l.asked(r):
			a.Err = errNoConfig
		default:
			start := time.Now()
			_, a.Err = c.observed(ctx, l, r)
			a.Took = time.Since(start)
			c.count(ctx, a.Err)
			if kind == KindConfig && errors.Is(a.Err, errors.ErrUnsupported) {
				a.Err = errNoConfig
			}
		}
		if ctx.Err() != nil {
			return attempts, &Error{Op: "explain", Kind: kind, ID: id, Err: ctx.Err()}
		}
		attempts = append(attempts, a)
	}
	return attempts, nil
}
