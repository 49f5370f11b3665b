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
	PerSecond  int           // calls a second
	Concurrent int           // calls at once
	MaxWait    time.Duration // how long a call waits for its turn; 0: as long as its context allows
}

// Limit keeps calls to b below a rate and a number at once: stores answer with throttling beyond theirs. A call waits
// for its turn; one whose turn does not come within MaxWait fails with [secrets.ErrUnavailable] and makes no request.
func Limit(b secrets.Backend, opts *LimitOptions) secrets.Backend {
	o := LimitOptions{}
	if opts != nil {
		o = *opts
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 1<<63 - 1 // the context is the bound
	}
	var rate ratelimiter.RateLimiter[any]
	if o.PerSecond > 0 {
		rate = ratelimiter.NewBurstyBuilder[any](uint(o.PerSecond), time.Second).Build()
	}
	var room bulkhead.Bulkhead[any]
	if o.Concurrent > 0 {
		room = bulkhead.New[any](uint(o.Concurrent))
	}
	return &wrapped{name: "Limit", inner: b, guard: func(ctx context.Context, c call) error {
		wait := o.MaxWait
		if deadline, ok := ctx.Deadline(); ok { // a turn after it would be taken from another
			wait = min(wait, max(0, time.Until(deadline)))
		}
		refused := func(what string) error {
			if ctx.Err() != nil {
				return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: ctx.Err()}
			}
			return c.fail("%s from this program: no turn within %v", what, wait.Round(time.Millisecond))
		}
		if room != nil {
			if room.AcquirePermitWithMaxWait(ctx, wait) != nil {
				return refused("too many calls at once")
			}
			defer room.ReleasePermit()
		}
		if rate != nil {
			if rate.AcquirePermitWithMaxWait(ctx, wait) != nil {
				return refused("too many calls a second")
			}
		}
		return c.do(ctx)
	}}
}
