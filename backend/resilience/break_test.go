package resilience_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

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

// TestBreakAsksOnceAfterThePause: while one call finds out whether the store is up, the others do not wait for it.
func TestBreakAsksOnceAfterThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		inner := secrets.Funcs{Variable: func(ctx context.Context, _ string) (string, error) {
			select {
			case err := <-answers:
				return "v", err
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}}
		b := resilience.Break(inner, &resilience.BreakOptions{Failures: 1, Pause: time.Minute})
		get := func(ctx context.Context) <-chan error {
			done := make(chan error, 1)
			go func() { _, err := b.GetVariable(ctx, "k"); done <- err }()
			synctest.Wait()
			return done
		}
		down := get(t.Context())
		answers <- secrets.ErrUnavailable
		assert.ErrorIs(t, <-down, secrets.ErrUnavailable)

		time.Sleep(70 * time.Second) // synctest's clock
		ctx, leave := context.WithCancel(t.Context())
		one := get(ctx)
		assert.ErrorContains(t, <-get(t.Context()), "before the one call that is under way")
		leave()
		assert.ErrorIs(t, <-one, context.Canceled)
		assert.ErrorContains(t, <-get(t.Context()), "not asked again for another", "nobody knows; another pause")

		time.Sleep(70 * time.Second)
		one = get(t.Context())
		assert.ErrorContains(t, <-get(t.Context()), "before the one call that is under way")
		answers <- nil
		assert.NoError(t, <-one)
		fine := get(t.Context())
		answers <- nil
		assert.NoError(t, <-fine)
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

// TestBreakAfterClose: an open circuit does not hide that the backend was closed, so that no snapshot answers after it.
func TestBreakAfterClose(t *testing.T) {
	f := backendtest.NewFake(backendtest.Content{Variables: map[string]string{"k": planted}})
	b := snapshot(t, resilience.Break(f, &resilience.BreakOptions{Failures: 1, Pause: time.Hour}), resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")})
	_, err := b.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	f.Fail(secrets.ErrUnavailable)
	_, err = b.GetVariable(t.Context(), "k")
	require.NoError(t, err, "the snapshot answers")
	require.NoError(t, b.(io.Closer).Close())
	_, err = b.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
}
