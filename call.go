package secrets

import (
	"context"
	"errors"
	"fmt"

	"github.com/secretchain/secrets/internal/cache"
)

// guarded makes a call to a layer that is no read: in the sight of the Observer, counted, and bounded like a read by the
// layer's Timeout.
func (c *Chain) guarded(ctx context.Context, l *layer, call Call, do func(ctx context.Context) error) error {
	callCtx, end := c.observe(ctx, call)
	err := l.guard(callCtx, do)
	end(unasked(err))
	c.count(ctx, err)
	return err
}

// guard makes a call in the layer's Timeout, and turns a panic of the backend into an outage.
func (l *layer) guard(ctx context.Context, do func(ctx context.Context) error) error {
	call := func(ctx context.Context) (none struct{}, err error) {
		return none, safely(errPanicked, func() error { return do(ctx) })
	}
	if l.Timeout == 0 {
		_, err := call(ctx)
		return err
	}
	_, err := inTime(ctx, l.Timeout, call)
	return err
}

// safely turns a panic into an error of its place, without the panic's text, which may hold anything.
func safely(panicked error, do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = panicked
		}
	}()
	return do()
}

// errObserverPanicked is for where a panic of the Observer would be in a goroutine of ours.
var errObserverPanicked = fmt.Errorf("%w: the Observer panicked", ErrUnavailable)

// count is for the statistics: a call to a backend, and how it ended. What ends with its caller has not failed, and a
// wrapper around something that cannot was not asked.
func (c *Chain) count(ctx context.Context, err error) {
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	c.stats.backendCalls.Add(1)
	if class := ClassOf(err); class != nil && class != ErrNotFound && ctx.Err() == nil {
		c.stats.errors.Add(1)
	}
}

// unasked is what the Observer is told of err: that a backend lacks an optional ability is no failure.
func unasked(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return errUnable
	}
	return err
}

var errUnable = fmt.Errorf("%w: not asked, the backend cannot do this", ErrNotFound)

// failed is the error of a call to this layer for one name, told with the layer. Where ctx has ended, that is why.
func (l *layer) failed(ctx context.Context, op string, r request, err error) error {
	e := &Error{Op: op, Kind: r.kind, ID: r.id, StoreName: l.storeName(r)}
	if own, ok := err.(*Error); ok && own.Kind == r.kind && (own.ID == r.id || own.ID == "") && own.Err != nil {
		err = own.Err
		if own.StoreName != "" {
			e.StoreName = own.StoreName
		}
	}
	if ended := ctx.Err(); ended != nil {
		err = ended
	} else {
		err = classed(err)
	}
	e.Err = fmt.Errorf("layer %q: %w", l.Name, err)
	return e
}

// classed makes errors.Is find the class that err counts as, also where it wraps none.
func classed(err error) error {
	if class := ClassOf(err); class != nil && !errors.Is(err, class) {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}

// flightError is an error of a flight itself: its caller's context's, or ErrClosed, or a panic outside the backends,
// which is an outage.
func flightError(err error) error {
	if errors.Is(err, cache.ErrPanic) {
		return classed(err)
	}
	return err
}
