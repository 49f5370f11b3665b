package resilience_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

func TestLimitConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		inner := secrets.Funcs{Variable: func(context.Context, string) (string, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Second) // synctest's clock
			return "v", nil
		}}
		b := resilience.Limit(inner, &resilience.LimitOptions{Concurrent: 3})
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() { _, err := b.GetVariable(t.Context(), "k"); assert.NoError(t, err) })
		}
		wg.Wait()
		assert.Equal(t, int64(3), most.Load())

		impatient := resilience.Limit(inner, &resilience.LimitOptions{Concurrent: 1, MaxWait: time.Millisecond})
		var refused atomic.Int64
		for range 3 {
			wg.Go(func() {
				if _, err := impatient.GetVariable(t.Context(), "k"); err != nil {
					assert.ErrorIs(t, err, secrets.ErrUnavailable)
					assert.ErrorContains(t, err, "too many calls at once")
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int64(2), refused.Load())
	})
}

func TestLimitRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := store()
		b := resilience.Limit(f, &resilience.LimitOptions{PerSecond: 5, MaxWait: time.Nanosecond})
		for i := range 20 {
			if _, err := b.GetVariable(t.Context(), "k"); i > 0 {
				assert.ErrorIs(t, err, secrets.ErrUnavailable)
				assert.ErrorContains(t, err, "too many calls a second")
			}
		}
		assert.Equal(t, 1, f.Calls(), "in no time at all")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		slow := resilience.Limit(f, &resilience.LimitOptions{PerSecond: 1})
		_, err := slow.GetVariable(t.Context(), "k")
		assert.NoError(t, err)
		_, err = slow.GetVariable(ctx, "k")
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// spent counts what a store is asked in a while by as many callers as like to.
func spent(t *testing.T, f *backendtest.Fake, ask func(ctx context.Context) error, callers int, while time.Duration) int {
	before := f.Calls()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() { _ = ask(ctx) })
	}
	time.Sleep(while) // synctest's clock
	cancel()
	wg.Wait()
	return f.Calls() - before
}

func TestLimitRateHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := store()
		b := resilience.Limit(f, &resilience.LimitOptions{PerSecond: 5})
		ask := func(ctx context.Context) error { _, err := b.GetVariable(ctx, "k"); return err }
		for _, idle := range []time.Duration{0, time.Second, time.Hour} {
			time.Sleep(idle)
			assert.LessOrEqualf(t, spent(t, f, ask, 1000, 10*time.Second), 51, "in ten seconds after %v without a call", idle)
			start := time.Now()
			assert.NoError(t, ask(t.Context()))
			assert.LessOrEqual(t, time.Since(start), time.Second, "nobody waits for those who left")
		}
	})
}

// TestLimitWaitsOnce: MaxWait bounds the wait for both limits together.
func TestLimitWaitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.Limit(store(), &resilience.LimitOptions{PerSecond: 1, Concurrent: 1, MaxWait: 1500 * time.Millisecond})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				start := time.Now()
				if _, err := b.GetVariable(t.Context(), "k"); err != nil {
					assert.ErrorIs(t, err, secrets.ErrUnavailable)
				}
				assert.LessOrEqual(t, time.Since(start), 1500*time.Millisecond)
			})
		}
		wg.Wait()
	})
}
