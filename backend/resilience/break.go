package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/secretchain/secrets"
)

// BreakOptions say when a store is taken to be down and when it is tried again. Nil is valid.
type BreakOptions struct {
	Failures int           // outages in a row that open the circuit, 100 000 at most; 0: 5
	Pause    time.Duration // how long an open circuit asks nothing, a tenth more or less; 0: 10 s
}

// Break stops asking b for a while when it is down: after so many outages in a row every call fails at once, with
// [secrets.ErrUnavailable] and no request. After the pause one call is let through; its answer closes the circuit or
// opens it again.
//
// An outage is an error of class ErrUnavailable, or the deadline of the call: give the chain's layer a Timeout, so that
// a store that hangs is noticed. A caller that gives up by itself is no outage.
func Break(b secrets.Backend, opts *BreakOptions) secrets.Backend {
	o := BreakOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Failures <= 0 {
		o.Failures = 5
	}
	o.Failures = min(o.Failures, 100_000) // a bit is kept for each
	if o.Pause <= 0 {
		o.Pause = 10 * time.Second
	}
	circuit := circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(uint(o.Failures)).
		WithSuccessThreshold(1).
		WithDelay(o.Pause).
		WithJitterFactor(0.1).
		Build()
	w := &breaker{}
	w.wrapped = wrapped{name: "Break", inner: given("Break", b), guard: func(ctx context.Context, c call) error {
		if !circuit.TryAcquirePermit() {
			if w.closed.Load() { // no outage: a snapshot around must not answer
				return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: secrets.ErrClosed}
			}
			return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: openError{circuit.RemainingDelay()}}
		}
		answered := false
		defer func() { // a panic is an outage too
			if !answered {
				circuit.RecordFailure()
			}
		}()
		err := c.do(ctx)
		switch {
		case errors.Is(ctx.Err(), context.Canceled) && err != nil && circuit.IsClosed():
			answered = true // the caller left: that says nothing about the store
		case outage(ctx, err) || ctx.Err() != nil && err != nil:
		default:
			answered = true
			circuit.RecordSuccess()
		}
		return err
	}}
	return w
}

// breaker says of an open circuit that it was closed, as the backend would, once it was.
type breaker struct {
	wrapped
	closed atomic.Bool
}

func (w *breaker) Close() error {
	if _, ok := w.inner.(io.Closer); ok {
		w.closed.Store(true)
	}
	return w.wrapped.Close()
}

// openError is why an open circuit asks nothing. Its text is made when it is read: most are not.
type openError struct{ left time.Duration }

func (e openError) Error() string {
	if e.left <= 0 {
		return fmt.Sprintf("%v: the store was down, and is not asked again before the one call that is under way has its answer", secrets.ErrUnavailable)
	}
	return fmt.Sprintf("%v: the store was down and is not asked again for another %v", secrets.ErrUnavailable, e.left.Round(time.Millisecond))
}

func (e openError) Unwrap() error { return secrets.ErrUnavailable }
