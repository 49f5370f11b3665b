package resilience

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/secretchain/secrets"
)

// RetryOptions say how often and when to ask again. Nil is valid.
type RetryOptions struct {
	Attempts int           // calls in all, the first included; 0: 3
	Pause    time.Duration // before the second call, doubled before each further one, a quarter more or less; 0: 100 ms
	MaxPause time.Duration // what doubling ends at; 0: 5 s, or Pause if that is longer
	// Budget bounds how great a part of the calls under way may be retries, so that a store in trouble does not get a
	// multiple of its load: from 0 to 1; 0: 0.2. Three retries at once are always allowed.
	Budget float64
}

// Retry asks b again after an outage. Only reads are asked again, and only after [secrets.ErrUnavailable]; absence,
// refusal, malformed values and the end of the caller's context are final. A pause ends with the context.
func Retry(b secrets.Backend, opts *RetryOptions) secrets.Backend {
	o := RetryOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	if o.Pause <= 0 {
		o.Pause = 100 * time.Millisecond
	}
	if o.MaxPause <= 0 {
		o.MaxPause = max(5*time.Second, o.Pause)
	}
	o.Pause = min(o.Pause, o.MaxPause)
	if o.Budget <= 0 || o.Budget > 1 {
		o.Budget = 0.2
	}
	policy := retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool { return secrets.ClassOf(err) == secrets.ErrUnavailable }).
		WithMaxAttempts(o.Attempts).
		WithBackoff(o.Pause, o.MaxPause).
		WithJitterFactor(0.25).
		WithBudget(budget.NewBuilder().WithMaxRate(o.Budget).Build()).
		ReturnLastFailure().
		Build()
	again := failsafe.With(policy)
	return &wrapped{name: "Retry", inner: given("Retry", b), guard: func(ctx context.Context, c call) error {
		if c.write {
			return c.do(ctx)
		}
		var last error
		var panicked any
		_ = again.WithContext(ctx).Run(func() error {
			defer func() { panicked = recover() }() // the policy would never get back what it lent from the budget
			if last = c.do(ctx); !outage(ctx, last) {
				return nil
			}
			return last
		})
		if panicked != nil {
			panic(panicked)
		}
		if ended := ctx.Err(); ended != nil && last != nil {
			return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: ended}
		}
		return last
	}}
}
