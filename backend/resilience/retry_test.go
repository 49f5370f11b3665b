package resilience_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/resilience"
)

// failing fails the first n calls for a variable.
func failing(n int, class error) (b secrets.Backend, calls *atomic.Int64) {
	calls = new(atomic.Int64)
	return secrets.Funcs{Variable: func(context.Context, string) (string, error) {
		if calls.Add(1) <= int64(n) {
			return "", class
		}
		return "v", nil
	}}, calls
}

func TestRetry(t *testing.T) {
	for name, tc := range map[string]struct {
		failures int
		class    error
		calls    int64
		ok       bool
	}{
		"an answer":               {0, nil, 1, true},
		"an outage that ends":     {2, secrets.ErrUnavailable, 3, true},
		"an unforeseen failure":   {2, errors.New("x"), 3, true},
		"an outage that does not": {9, secrets.ErrUnavailable, 3, false},
		"an absence":              {9, secrets.ErrNotFound, 1, false},
		"a refusal":               {9, secrets.ErrDenied, 1, false},
		"a malformed value":       {9, secrets.ErrMalformed, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner, calls := failing(tc.failures, tc.class)
				start := time.Now()
				_, err := resilience.Retry(inner, nil).GetVariable(t.Context(), "k")
				if tc.ok {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, tc.class, "the last reason")
				}
				assert.Equal(t, tc.calls, calls.Load())
				assert.LessOrEqual(t, time.Since(start), 500*time.Millisecond)
			})
		})
	}
}

func TestRetryStopsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, calls := failing(9, secrets.ErrUnavailable)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := resilience.Retry(inner, &resilience.RetryOptions{Pause: time.Hour, MaxPause: 2 * time.Hour}).GetVariable(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, int64(1), calls.Load())
	})
}

// TestRetryAfterPanics: a backend that panics when it is asked again does not use the budget up.
func TestRetryAfterPanics(t *testing.T) {
	var calls atomic.Int64
	inner := secrets.Funcs{Variable: func(_ context.Context, key string) (string, error) {
		if calls.Add(1)%2 == 1 {
			return "", secrets.ErrUnavailable
		}
		if key == "panics" {
			panic("of the backend")
		}
		return "v", nil
	}}
	b := resilience.Retry(inner, &resilience.RetryOptions{Pause: time.Microsecond})
	for range 10 {
		assert.PanicsWithValue(t, "of the backend", func() { _, _ = b.GetVariable(t.Context(), "panics") })
	}
	_, err := b.GetVariable(t.Context(), "k")
	assert.NoError(t, err)
}

func TestRetryPauses(t *testing.T) {
	for name, tc := range map[string]struct {
		opts        resilience.RetryOptions
		least, most time.Duration
	}{
		"doubled":                         {resilience.RetryOptions{Attempts: 4, Pause: time.Second}, 7 * time.Second, 7 * time.Second},
		"up to the bound":                 {resilience.RetryOptions{Attempts: 4, Pause: time.Second, MaxPause: 2 * time.Second}, 5 * time.Second, 5 * time.Second},
		"never above it":                  {resilience.RetryOptions{Attempts: 2, Pause: time.Hour, MaxPause: time.Second}, time.Second, time.Second},
		"longer than the bound's own":     {resilience.RetryOptions{Attempts: 2, Pause: time.Minute}, time.Minute, time.Minute},
		"as long as the bound, no longer": {resilience.RetryOptions{Attempts: 3, Pause: time.Second, MaxPause: time.Second}, 2 * time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner, calls := failing(9, secrets.ErrUnavailable)
				start := time.Now()
				_, err := resilience.Retry(inner, &tc.opts).GetVariable(t.Context(), "k")
				assert.ErrorIs(t, err, secrets.ErrUnavailable)
				assert.Equal(t, int64(tc.opts.Attempts), calls.Load())
				assert.GreaterOrEqual(t, time.Since(start), tc.least*3/4, "a quarter less at most")
				assert.LessOrEqual(t, time.Since(start), tc.most*5/4, "a quarter more at most")
			})
		})
	}
}

func TestRetryDoesNotRepeatWrites(t *testing.T) {
	f := store()
	f.Fail(secrets.ErrUnavailable)
	err := resilience.Retry(f, nil).(secrets.Writer).SetVariable(t.Context(), "k", "v")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.Equal(t, 1, f.Calls())
}

func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		slow := secrets.Funcs{Variable: func(context.Context, string) (string, error) {
			calls.Add(1)
			time.Sleep(time.Second) // synctest's clock
			return "", secrets.ErrUnavailable
		}}
		b := resilience.Retry(slow, &resilience.RetryOptions{Attempts: 10, Budget: 0.1})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _, _ = b.GetVariable(t.Context(), "k") })
		}
		wg.Wait()
		assert.Less(t, calls.Load(), int64(500), "a thousand without a budget")
	})
}
