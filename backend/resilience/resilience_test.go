package resilience_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const planted = "pLanted5ecret"

func store() *backendtest.Fake {
	return backendtest.NewFake(backendtest.Content{Variables: map[string]string{"k": planted}})
}

// readOnly hides every ability of a backend but its reads.
type readOnly struct{ secrets.Backend }

// wrappers are all of them, each as it is used; what they are made of does not fail.
func wrappers(t *testing.T) map[string]func(secrets.Backend) secrets.Backend {
	all := map[string]func(secrets.Backend) secrets.Backend{
		"Retry": func(b secrets.Backend) secrets.Backend {
			return resilience.Retry(b, &resilience.RetryOptions{Pause: time.Microsecond})
		},
		"Break": func(b secrets.Backend) secrets.Backend { return resilience.Break(b, nil) },
		"Limit": func(b secrets.Backend) secrets.Backend {
			return resilience.Limit(b, &resilience.LimitOptions{PerSecond: 100_000, Concurrent: 4})
		},
		"Snapshot": func(b secrets.Backend) secrets.Backend {
			s, err := resilience.Snapshot(b, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "s"), FernetKeys: keys(keyA)})
			require.NoError(t, err)
			return s
		},
		"Rename": func(b secrets.Backend) secrets.Backend {
			same := func(_ secrets.Kind, id string) (string, bool) { return id, id != "" }
			return resilience.Rename(b, same, same)
		},
		"Only": func(b secrets.Backend) secrets.Backend {
			return resilience.Only(b, func(_ secrets.Kind, id string) bool { return id != "hidden" })
		},
		"Except": func(b secrets.Backend) secrets.Backend {
			return resilience.Except(b, func(_ secrets.Kind, id string) bool { return id == "hidden" })
		},
		"Fallback": func(b secrets.Backend) secrets.Backend { return resilience.Fallback(b, resilience.FallbackTexts{}) },
	}
	all["all of them"] = func(b secrets.Backend) secrets.Backend {
		for _, name := range []string{"Retry", "Limit", "Break", "Snapshot", "Rename", "Only", "Except", "Fallback"} {
			b = all[name](b)
		}
		return b
	}
	return all
}

func TestWrappersAreBackends(t *testing.T) {
	for name, wrap := range wrappers(t) {
		t.Run(name, func(t *testing.T) { backendtest.RunWrapped(t, wrap) })
		t.Run(name+" of a plain backend", func(t *testing.T) {
			b := wrap(readOnly{store()})
			_, err := b.(secrets.ConfigGetter).GetConfig(t.Context(), "k")
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Batcher).GetVariables(t.Context(), []string{"k"})
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Batcher).GetConnectionMap(t.Context(), []string{"k"})
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Lister).List(t.Context(), secrets.KindVariable)
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			assert.ErrorIs(t, b.(secrets.Checker).Check(t.Context()), errors.ErrUnsupported)
			assert.ErrorIs(t, b.(secrets.Writer).SetVariable(t.Context(), "k", planted), errors.ErrUnsupported)
			assert.ErrorIs(t, b.(secrets.Writer).DeleteVariable(t.Context(), "k"), errors.ErrUnsupported)
			_, ok := b.(secrets.Namer).StoreName(secrets.KindVariable, "k")
			assert.False(t, ok)
		})
	}
}

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

func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := store()
		b := resilience.Break(f, &resilience.BreakOptions{Failures: 3, Pause: time.Minute})
		get := func() error { _, err := b.GetVariable(t.Context(), "k"); return err }
		f.Fail(secrets.ErrUnavailable)
		for range 3 {
			assert.ErrorIs(t, get(), secrets.ErrUnavailable)
		}
		for range 5 {
			err := get()
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
			assert.ErrorContains(t, err, "not asked again")
		}
		assert.Equal(t, 3, f.Calls(), "an open circuit makes no request")

		time.Sleep(70 * time.Second) // synctest's clock
		assert.ErrorIs(t, get(), secrets.ErrUnavailable)
		assert.ErrorContains(t, get(), "not asked again", "one bad probe opens it again")
		assert.Equal(t, 4, f.Calls())

		f.Fail(nil)
		time.Sleep(70 * time.Second)
		assert.NoError(t, get())
		assert.NoError(t, get())
		assert.Equal(t, 6, f.Calls())
	})
}

func TestBreakCountsOutagesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := store()
		b := resilience.Break(f, &resilience.BreakOptions{Failures: 2})
		for _, class := range []error{secrets.ErrNotFound, secrets.ErrDenied, secrets.ErrMalformed} {
			f.Fail(class)
			for range 5 {
				_, err := b.GetVariable(t.Context(), "k")
				assert.ErrorIs(t, err, class)
			}
		}
		f.Fail(nil)
		f.Stall(true)
		for range 5 { // callers that give up
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := b.GetVariable(ctx, "k")
			assert.ErrorIs(t, err, context.Canceled)
		}
		for range 2 { // deadlines that pass: the store hangs
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := b.GetVariable(ctx, "k")
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		calls := f.Calls()
		_, err := b.GetVariable(t.Context(), "k")
		assert.ErrorContains(t, err, "not asked again")
		assert.Equal(t, calls, f.Calls())
	})
}

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
	f := store()
	b := resilience.Limit(f, &resilience.LimitOptions{PerSecond: 5, MaxWait: time.Nanosecond})
	refused := 0
	for range 20 {
		if _, err := b.GetVariable(t.Context(), "k"); err != nil {
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
			refused++
		}
	}
	assert.Equal(t, 20, refused+f.Calls())
	assert.NotZero(t, refused)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	slow := resilience.Limit(f, &resilience.LimitOptions{PerSecond: 1})
	_, _ = slow.GetVariable(t.Context(), "k")
	_, err := slow.GetVariable(ctx, "k")
	assert.ErrorIs(t, err, context.Canceled)
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

func TestRename(t *testing.T) {
	f := backendtest.NewFake(backendtest.Content{
		Variables:   map[string]string{"prod.k": planted, "other": "x"},
		Connections: map[string][]string{"prod.db": {"mysql://u:" + planted + "@h"}},
	})
	b := resilience.Rename(f,
		func(_ secrets.Kind, id string) (string, bool) { return "prod." + id, id != "never" },
		func(_ secrets.Kind, name string) (string, bool) { return strings.CutPrefix(name, "prod.") })
	_, err := b.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "db", conns[0].ID)
	ids, err := b.(secrets.Lister).List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Equal(t, []string{"k"}, ids)
	_, err = b.GetVariable(t.Context(), "absent")
	assert.EqualError(t, err, `get variable "absent" (prod.absent): not found`)
	calls := f.Calls()
	_, err = b.GetVariable(t.Context(), "never")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Equal(t, calls, f.Calls(), "without a call")
	many, err := b.(secrets.Batcher).GetConnectionMap(t.Context(), []string{"db", "never", "absent"})
	require.NoError(t, err)
	require.Len(t, many, 1)
	assert.Equal(t, "db", many["db"][0].ID)
	require.NoError(t, b.(secrets.Writer).SetVariable(t.Context(), "new", "v"))
	_, err = f.GetVariable(t.Context(), "prod.new")
	assert.NoError(t, err)
	assert.ErrorIs(t, b.(secrets.Writer).SetVariable(t.Context(), "never", "v"), errors.ErrUnsupported)
}

func TestFallback(t *testing.T) {
	f := store()
	b := resilience.Fallback(f, resilience.FallbackTexts{
		Connections: map[string]secrets.Secret{"db": secrets.NewSecret("mysql://u:" + planted + "@h"), "bad": secrets.NewSecret(planted)},
		Variables:   map[string]secrets.Secret{"k": secrets.NewSecret("never"), "d": secrets.NewSecret("default")},
	})
	got, err := b.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, got == planted, "the store's own value wins")
	got, err = b.GetVariable(t.Context(), "d")
	require.NoError(t, err)
	assert.True(t, got == "default")
	uri, err := b.GetConnURI(t.Context(), "db")
	require.NoError(t, err)
	assert.NotEmpty(t, uri)
	_, err = b.GetConnections(t.Context(), "bad")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, planted, err)
	found, err := b.(secrets.Batcher).GetVariables(t.Context(), []string{"k", "d", "absent"})
	require.NoError(t, err)
	assert.Len(t, found, 2)
	f.Fail(secrets.ErrUnavailable)
	_, err = b.GetVariable(t.Context(), "d")
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "an outage is not hidden")
}

// BenchmarkBreakOpen: a layer known to be down costs less than a microsecond and no request.
func BenchmarkBreakOpen(b *testing.B) {
	f := store()
	f.Fail(secrets.ErrUnavailable)
	broken := resilience.Break(f, &resilience.BreakOptions{Failures: 1, Pause: time.Hour})
	_, _ = broken.GetVariable(b.Context(), "k")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = broken.GetVariable(b.Context(), "k")
	}
	if f.Calls() != 1 {
		b.Fatalf("%d requests, want 1", f.Calls())
	}
}
