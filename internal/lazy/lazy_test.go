package lazy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConcurrentCallersShareOneValue(t *testing.T) {
	var builds atomic.Int32
	l := New(func(context.Context) (*int, error) {
		builds.Add(1)
		return new(int), nil
	})
	_, made := l.Made()
	require.False(t, made)

	values := make([]*int, 100)
	var wg sync.WaitGroup
	for i := range values {
		wg.Go(func() { values[i], _ = l.Get(t.Context()) })
	}
	wg.Wait()
	for _, v := range values {
		require.Same(t, values[0], v)
	}
	assert.EqualValues(t, 1, builds.Load())
	v, made := l.Made()
	assert.True(t, made)
	assert.Same(t, values[0], v)
}

func TestFailureIsNotKept(t *testing.T) {
	failure := errors.New("not yet")
	builds := 0
	l := New(func(context.Context) (int, error) {
		if builds++; builds == 1 {
			return 7, failure
		}
		return 42, nil
	})
	v, err := l.Get(t.Context())
	require.ErrorIs(t, err, failure)
	require.Zero(t, v)
	v, err = l.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, 42, v)
}

// Who waits for another's build waits no longer than its own context, and a builder that gave up is followed by the next.
func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(func(ctx context.Context) (string, error) {
			if ctx.Value(stuck{}) != nil {
				<-ctx.Done()
				return "", ctx.Err()
			}
			return "made", nil
		})
		builder, cancelBuilder := context.WithCancel(context.WithValue(t.Context(), stuck{}, true))
		impatient, cancelImpatient := context.WithCancel(t.Context())

		var builderErr, impatientErr, patientErr error
		var patient string
		var wg sync.WaitGroup
		wg.Go(func() { _, builderErr = l.Get(builder) })
		synctest.Wait()
		wg.Go(func() { _, impatientErr = l.Get(impatient) })
		wg.Go(func() { patient, patientErr = l.Get(t.Context()) })
		synctest.Wait()
		cancelImpatient()
		synctest.Wait()
		require.ErrorIs(t, impatientErr, context.Canceled)
		cancelBuilder()
		wg.Wait()

		assert.ErrorIs(t, builderErr, context.Canceled)
		assert.NoError(t, patientErr)
		assert.Equal(t, "made", patient)
	})
}

type stuck struct{}

func TestEndedContextBuildsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := New(func(context.Context) (int, error) { t.Error("built"); return 0, nil })
	_, err := l.Get(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestOf(t *testing.T) {
	v, err := Of("ready").Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "ready", v)
}

func TestClose(t *testing.T) {
	gone := errors.New("gone")
	for name, l := range map[string]*Value[string]{
		"of a value that is made": Of("v"),
		"of a value that is not":  New(func(context.Context) (string, error) { t.Error("built"); return "", nil }),
	} {
		t.Run(name, func(t *testing.T) {
			_, made := l.Made()
			released := 0
			for range 2 {
				l.Close(gone, func(v string) { assert.Equal(t, "v", v); released++ })
			}
			assert.Equal(t, made, released == 1)
			_, err := l.Get(t.Context())
			assert.ErrorIs(t, err, gone)
			_, made = l.Made()
			assert.False(t, made)
		})
	}
}

// Close waits for no build: who waits for one is told at once, and what it makes is released when it is made.
func TestCloseWhileTheValueIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone, answer := errors.New("gone"), make(chan string)
		l := New(func(context.Context) (string, error) { return <-answer, nil })
		var builderErr, waiterErr error
		var builder, waiter sync.WaitGroup
		builder.Go(func() { _, builderErr = l.Get(t.Context()) })
		synctest.Wait()
		waiter.Go(func() { _, waiterErr = l.Get(t.Context()) })
		synctest.Wait()
		var released []string
		l.Close(gone, func(v string) { released = append(released, v) })
		waiter.Wait()
		assert.ErrorIs(t, waiterErr, gone)
		assert.Empty(t, released)
		answer <- "late"
		builder.Wait()
		assert.ErrorIs(t, builderErr, gone)
		assert.Equal(t, []string{"late"}, released)
	})
}

// A build that fails because of Close, which may have closed what it needs, is not what went wrong.
func TestBuildThatFailsAfterClose(t *testing.T) {
	gone := errors.New("gone")
	var l *Value[string]
	l = New(func(context.Context) (string, error) {
		l.Close(gone, func(string) { t.Error("there is nothing to release") })
		return "", errors.New("what it is made of is closed")
	})
	_, err := l.Get(t.Context())
	require.ErrorIs(t, err, gone)
}
