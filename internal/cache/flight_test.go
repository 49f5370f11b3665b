package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
	"github.com/secretchain/secrets/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// gate is a load that waits until it is opened or its context ends, and counts.
type gate struct {
	started atomic.Int32
	ended   atomic.Int32 // by their context
	open    chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) load(ctx context.Context, key string) (string, error) {
	n := g.started.Add(1)
	select {
	case <-g.open:
		return fmt.Sprintf("%s of load %d", key, n), nil
	case <-ctx.Done():
		g.ended.Add(1)
		return "", context.Cause(ctx)
	}
}

// answer is what one caller of Do got.
type answer struct {
	value  string
	shared bool
	err    error
}

// pending is where the answer to a call will be.
type pending struct{ got atomic.Pointer[answer] }

// now returns the answer, or a blank one while there is none.
func (p *pending) now() answer {
	if a := p.got.Load(); a != nil {
		return *a
	}
	return answer{}
}

// caller calls Do in a goroutine of its own and returns when that goroutine waits, or has its answer.
func caller(ctx context.Context, f *cache.Flight[string, string], key string) *pending {
	p := new(pending)
	go func() {
		v, with, err := f.Do(ctx, key)
		p.got.Store(&answer{v, with == cache.Joined, err})
	}()
	synctest.Wait()
	return p
}

// endings are the two kinds of context that Do treats differently.
var endings = map[string]func(t *testing.T) context.Context{
	"load on its own goroutine":      func(t *testing.T) context.Context { return t.Context() },
	"load on the caller's goroutine": func(*testing.T) context.Context { return context.Background() },
}

func TestFlightSharesOneLoad(t *testing.T) {
	for name, leader := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				f := cache.NewFlight(g.load)
				answers := []*pending{caller(leader(t), f, "k")}
				for i := range 100 {
					ctx := context.Background()
					if i%2 == 0 {
						ctx = t.Context()
					}
					answers = append(answers, caller(ctx, f, "k"))
				}
				other := caller(t.Context(), f, "other")
				close(g.open)
				synctest.Wait()
				for i, a := range answers {
					assert.Equal(t, answer{"k of load 1", i > 0, nil}, a.now(), "caller %d", i)
				}
				assert.Equal(t, answer{"other of load 2", false, nil}, other.now())

				again := caller(leader(t), f, "k")
				assert.Equal(t, answer{"k of load 3", false, nil}, again.now(), "a finished load is not remembered")
				f.Close(errClosed)
			})
		})
	}
}

// Whoever may have company is told, so that nobody changes what another has.
func TestFlightTellsCompany(t *testing.T) {
	for name, leader := range endings {
		for _, company := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, company %t", name, company), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := newGate()
					f := cache.NewFlight(g.load)
					got := make(chan cache.Company, 1)
					go func() {
						_, with, _ := f.Do(leader(t), "k")
						got <- with
					}()
					synctest.Wait()
					if company {
						caller(t.Context(), f, "k")
					}
					close(g.open)
					if name == "load on the caller's goroutine" && !company {
						assert.Equal(t, cache.Alone, <-got)
					} else {
						assert.Equal(t, cache.Led, <-got)
					}
					f.Close(errClosed)
				})
			})
		}
	}
}

func TestFlightLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		f := cache.NewFlight(g.load)
		ctx, cancel := context.WithCancel(t.Context())
		leader := caller(ctx, f, "k")
		follower := caller(t.Context(), f, "k")
		cancel()
		synctest.Wait()
		assert.Equal(t, answer{"", false, context.Canceled}, leader.now())
		assert.Zero(t, follower.now(), "still waiting")
		assert.Zero(t, g.ended.Load(), "the load goes on for the follower")
		close(g.open)
		synctest.Wait()
		assert.Equal(t, answer{"k of load 1", true, nil}, follower.now())
		f.Close(errClosed)
	})
}

func TestFlightEachCallerHasItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		f := cache.NewFlight(g.load)
		var answers []*pending
		for i := range 4 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
			defer cancel()
			answers = append(answers, caller(ctx, f, "k"))
		}
		for i := range answers {
			time.Sleep(time.Second)
			synctest.Wait()
			for j, a := range answers {
				if j <= i {
					assert.Equal(t, answer{"", j > 0, context.DeadlineExceeded}, a.now(), "caller %d after %d s", j, i+1)
				} else {
					assert.Zero(t, a.now(), "caller %d after %d s", j, i+1)
				}
			}
		}
		assert.EqualValues(t, 1, g.ended.Load(), "nobody waits: the load is stopped")

		late := caller(t.Context(), f, "k")
		close(g.open)
		synctest.Wait()
		assert.Equal(t, answer{"k of load 2", false, nil}, late.now())
		f.Close(errClosed)
	})
}

// A load that does not obey its context may end long after it was abandoned, and must then touch nothing.
func TestFlightAbandonedResultIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := make(chan struct{}), make(chan struct{})
		var n atomic.Int32
		f := cache.NewFlight(func(context.Context, string) (string, error) {
			if n.Add(1) == 1 {
				<-first
				return "abandoned", nil
			}
			<-second
			return "fresh", nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		leader := caller(ctx, f, "k")
		cancel()
		synctest.Wait()
		assert.Equal(t, context.Canceled, leader.now().err)
		late := caller(t.Context(), f, "k")
		close(first)
		synctest.Wait()
		assert.Zero(t, late.now(), "the abandoned load's end is not the new one's")
		joined := caller(t.Context(), f, "k")
		close(second)
		synctest.Wait()
		assert.Equal(t, answer{"fresh", false, nil}, late.now())
		assert.Equal(t, answer{"fresh", true, nil}, joined.now())
		assert.EqualValues(t, 2, n.Load())
		f.Close(errClosed)
	})
}

func TestFlightEndedContextLoadsNothing(t *testing.T) {
	g := newGate()
	f := cache.NewFlight(g.load)
	defer f.Close(errClosed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := f.Do(ctx, "k")
	assert.Equal(t, context.Canceled, err)
	assert.Zero(t, g.started.Load())
}

type contextKey struct{}

func TestFlightLoadKeepsTheFirstCallersValues(t *testing.T) {
	for name, leader := range endings {
		t.Run(name, func(t *testing.T) {
			var deadline bool
			f := cache.NewFlight(func(ctx context.Context, _ string) (string, error) {
				_, deadline = ctx.Deadline()
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				value, _ := child.Value(contextKey{}).(string)
				return value, nil
			})
			defer f.Close(errClosed)
			ctx := context.WithValue(leader(t), contextKey{}, "trace")
			if ctx.Done() != nil {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Hour)
				defer cancel()
			}
			v, _, err := f.Do(ctx, "k")
			require.NoError(t, err)
			assert.Equal(t, "trace", v)
			assert.False(t, deadline, "a caller's deadline is not the load's")
		})
	}
}

func TestFlightPanic(t *testing.T) {
	const secret = "hunter2-in-a-panic"
	ends := map[string]struct {
		end   func()
		where bool // whether the error says where
	}{
		"panic with an error":   {func() { panic(errors.New(secret)) }, true},
		"panic with text":       {func() { panic(secret) }, true},
		"panic with nil":        {func() { panic(nil) }, true},
		"nil pointer":           {func() { var p *answer; p.value = secret }, true},
		"panic while panicking": {func() { defer func() { panic(secret) }(); panic(secret) }, true},
		"Goexit":                {runtime.Goexit, false},
	}
	for kind, leader := range endings {
		for name, tc := range ends {
			t.Run(kind+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					open := make(chan struct{})
					f := cache.NewFlight(func(context.Context, string) (string, error) {
						<-open
						tc.end()
						return "", nil
					})
					first := caller(leader(t), f, "k")
					second := caller(t.Context(), f, "k")
					third := caller(context.Background(), f, "k")
					close(open)
					synctest.Wait()
					if kind == "load on its own goroutine" || tc.where { // else the first caller's goroutine is gone
						require.ErrorIs(t, first.now().err, cache.ErrPanic)
					}
					require.ErrorIs(t, second.now().err, cache.ErrPanic)
					require.ErrorIs(t, third.now().err, cache.ErrPanic)
					assert.NotContains(t, second.now().err.Error(), secret)
					assert.Equal(t, tc.where, strings.Contains(second.now().err.Error(), "flight_test.go:"), second.now().err.Error())
					f.Close(errClosed)
				})
			})
		}
	}
}

func TestFlightForget(t *testing.T) {
	for name, leader := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				f := cache.NewFlight(g.load)
				f.Forget("k")
				before := []*pending{caller(leader(t), f, "k"), caller(t.Context(), f, "k")}
				f.Forget("k")
				after := []*pending{caller(leader(t), f, "k"), caller(t.Context(), f, "k")}
				close(g.open)
				synctest.Wait()
				for i := range before {
					assert.Equal(t, answer{"k of load 1", i > 0, nil}, before[i].now())
					assert.Equal(t, answer{"k of load 2", i > 0, nil}, after[i].now())
				}
				f.Close(errClosed)
			})
		})
	}
}

func TestFlightForgottenLoadsEnd(t *testing.T) {
	ends := map[string]func(f *cache.Flight[string, string], leave context.CancelFunc){
		"closed":     func(f *cache.Flight[string, string], _ context.CancelFunc) { f.Close(errClosed) },
		"left alone": func(_ *cache.Flight[string, string], leave context.CancelFunc) { leave() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				f := cache.NewFlight(g.load)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				forgotten := caller(ctx, f, "k")
				f.Forget("k")
				end(f, cancel)
				synctest.Wait()
				assert.Error(t, forgotten.now().err)
				assert.EqualValues(t, 1, g.ended.Load())
				f.Close(errClosed)
			})
		})
	}
}

func TestFlightWithoutCompanyAllocatesNothing(t *testing.T) {
	f := cache.NewFlight(func(context.Context, string) (string, error) { return "v", nil })
	defer f.Close(errClosed)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _, _ = f.Do(context.Background(), "k") }))
}
