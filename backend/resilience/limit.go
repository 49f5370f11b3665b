package resilience

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/ratelimiter"

	"github.com/secretchain/secrets"
)

// LimitOptions bound the calls to a store. Nil, and every zero field, is no bound.
type LimitOptions struct {
	PerSecond  int           // calls a second, evenly spread: no burst after a quiet hour
	Concurrent int           // calls at once
	MaxWait    time.Duration // how long a call waits for its turn; 0: as long as its context allows
}

// Limit keeps calls to b below a rate and a number at once: stores answer with throttling beyond theirs. A call waits
// for its turn; one whose turn does not come within MaxWait, or before the deadline of its context, fails with
// [secrets.ErrUnavailable] and makes no request. A batch and a listing count as one call, whatever requests they make.
func Limit(b secrets.Backend, opts *LimitOptions) secrets.Backend {
	o := LimitOptions{}
	if opts != nil {
		o = *opts
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 1<<63 - 1 // the context is the bound
	}
	var room, door bulkhead.Bulkhead[any]
	if o.Concurrent > 0 {
		room = bulkhead.New[any](uint(o.Concurrent))
	}
	var rate ratelimiter.RateLimiter[any]
	if o.PerSecond > 0 {
		// A turn that was taken cannot be given back. So one call at a time waits for its own, behind a door: whoever
		// leaves wastes one turn at most, and a thousand who leave at once do not keep the next one waiting.
		door = bulkhead.New[any](1)
		rate = ratelimiter.NewSmoothBuilder[any](uint(min(o.PerSecond, int(time.Second))), time.Second).Build()
	}
	return &wrapped{name: "Limit", inner: given("Limit", b), guard: func(ctx context.Context, c call) error {
		start, wait := time.Now(), o.MaxWait
		if deadline, ok := ctx.Deadline(); ok {
			wait = min(wait, max(0, deadline.Sub(start)))
		}
		left := func() time.Duration { return max(0, wait-time.Since(start)) }
		refused := func(what string) error {
			if ctx.Err() != nil {
				return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: ctx.Err()}
			}
			return c.fail("too many calls %s from this program: no turn within %v", what, wait.Round(time.Millisecond))
		}
		if room != nil {
			if room.AcquirePermitWithMaxWait(ctx, left()) != nil {
				return refused("at once")
			}
			defer room.ReleasePermit()
		}
		if rate != nil {
			if door.AcquirePermitWithMaxWait(ctx, left()) != nil {
				return refused("a second")
			}
			err := rate.AcquirePermitWithMaxWait(ctx, left())
			door.ReleasePermit()
			if err != nil {
				return refused("a second")
			}
		}
		return c.do(ctx)
	}}
}
