package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// own is a store whose Check and writes do what the test says.
type own struct {
	secrets.Backend
	do func(ctx context.Context) error
}

func (o own) Check(ctx context.Context) error                               { return o.do(ctx) }
func (o own) SetConnection(ctx context.Context, _ secrets.Connection) error { return o.do(ctx) }
func (o own) DeleteConnection(ctx context.Context, _ string) error          { return o.do(ctx) }
func (o own) SetVariable(ctx context.Context, _, _ string) error            { return o.do(ctx) }
func (o own) DeleteVariable(ctx context.Context, _ string) error            { return o.do(ctx) }

// What holds for reads holds for checks and writes: Timeout, panics, classes, the caller's context.
func TestChecksAndWritesEndAsReadsDo(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *secrets.Chain) error{
		"Check":          func(ctx context.Context, c *secrets.Chain) error { return c.Check(ctx) },
		"SetVariable":    func(ctx context.Context, c *secrets.Chain) error { _, err := c.SetVariable(ctx, "k", "v"); return err },
		"DeleteVariable": func(ctx context.Context, c *secrets.Chain) error { _, err := c.DeleteVariable(ctx, "k"); return err },
		"SetConnection": func(ctx context.Context, c *secrets.Chain) error {
			_, err := c.SetConnection(ctx, secrets.Connection{ID: "k", Type: "mysql"})
			return err
		},
		"DeleteConnection": func(ctx context.Context, c *secrets.Chain) error { _, err := c.DeleteConnection(ctx, "k"); return err },
	}
	for name, tc := range map[string]struct {
		do     func(ctx context.Context, release <-chan struct{}) error
		want   error
		text   string
		took   time.Duration
		errors uint64
	}{
		"obeys its context": {func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return ctx.Err() },
			secrets.ErrUnavailable, "timeout of 2s", 2 * time.Second, 1},
		"does not obey its context": {func(_ context.Context, release <-chan struct{}) error { <-release; return nil },
			secrets.ErrUnavailable, "timeout of 2s", 2 * time.Second, 1},
		"panics":         {func(context.Context, <-chan struct{}) error { panic("pLanted5ecret") }, secrets.ErrUnavailable, "panicked", 0, 1},
		"unforeseen":     {func(context.Context, <-chan struct{}) error { return errors.New("boo") }, secrets.ErrUnavailable, "boo", 0, 1},
		"denied":         {func(context.Context, <-chan struct{}) error { return fmt.Errorf("%w: ask for it", secrets.ErrDenied) }, secrets.ErrDenied, "ask for it", 0, 1},
		"its own time":   {func(context.Context, <-chan struct{}) error { return context.DeadlineExceeded }, secrets.ErrUnavailable, "deadline", 0, 1},
		"is fine":        {func(context.Context, <-chan struct{}) error { return nil }, nil, "", 0, 0},
		"caller is gone": {func(ctx context.Context, _ <-chan struct{}) error { return ctx.Err() }, context.Canceled, "", 0, 0},
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var seen []secrets.Call
					observer := observerFunc(func(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
						seen = append(seen, call)
						if name == "caller is gone" {
							cancel()
						}
						return ctx, nil
					})
					c := newChain(t, &secrets.Options{Observer: observer}, secrets.Layer{Name: "store", Timeout: 2 * time.Second,
						Backend: own{fake(), func(ctx context.Context) error { return tc.do(ctx, release) }}})
					start := time.Now()
					err := do(ctx, c)
					assert.Equal(t, tc.took, time.Since(start))
					require.ErrorIs(t, err, tc.want)
					if err != nil {
						assert.ErrorContains(t, err, `"store"`, "which layer")
						assert.ErrorContains(t, err, tc.text)
						backendtest.NoLeak(t, "pLanted5ecret", err)
					}
					require.Len(t, seen, 1)
					assert.Equal(t, "store", seen[0].Layer)
					stats := c.Stats()
					assert.Equal(t, []uint64{1, tc.errors}, []uint64{stats.BackendCalls, stats.Errors}, "calls, errors")
					if tc.want == context.Canceled {
						assert.NotErrorIs(t, err, secrets.ErrUnavailable, "nobody's failure")
					}
				})
			})
		}
	}
}

// unable is a wrapper, which has every ability, around something that has none.
func unable(b secrets.Backend) secrets.Backend {
	return wrapper{own{b, func(context.Context) error { return errors.ErrUnsupported }}}
}

type wrapper struct{ own }

func (wrapper) GetConfig(context.Context, string) (string, error) { return "", errors.ErrUnsupported }

func (wrapper) GetVariables(context.Context, []string) (map[string]string, error) {
	return nil, errors.ErrUnsupported
}

func (wrapper) GetConnectionMap(context.Context, []string) (map[string][]secrets.Connection, error) {
	return nil, errors.ErrUnsupported
}

// That a layer lacks an ability, and says so only when it is asked, is no failure, and no call to its store.
func TestLackingAnAbilityIsNoFailure(t *testing.T) {
	var mu sync.Mutex
	var seen []secrets.Call
	observer := observerFunc(func(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
		return ctx, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			if call.Layer == "plain" {
				seen = append(seen, call)
			}
			if class := secrets.ClassOf(err); class != nil {
				assert.Equal(t, secrets.ErrNotFound, class, call)
			}
		}
	})
	c := newChain(t, &secrets.Options{Observer: observer, Cache: &secrets.CacheOptions{}},
		secrets.Layer{Name: "wrapper", Backend: unable(fake())}, secrets.Layer{Name: "plain", Backend: readOnly{fake("a", "1", "b", "2")}})
	require.NoError(t, c.Check(t.Context()))
	_, err := c.GetConfig(t.Context(), "a")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	attempts, err := c.Explain(t.Context(), secrets.KindConfig, "a")
	require.NoError(t, err)
	for _, a := range attempts {
		assert.ErrorIs(t, a.Err, secrets.ErrNotFound, a.Layer)
		assert.ErrorContains(t, a.Err, "not asked", a.Layer)
	}
	_, err = c.SetVariable(t.Context(), "new", "v")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.Zero(t, c.Stats().BackendCalls)

	require.NoError(t, c.Prefetch(t.Context(), secrets.KindVariable, "a", "b"))
	assert.ElementsMatch(t, []secrets.Call{{Layer: "plain", Kind: secrets.KindVariable, ID: "a"}, {Layer: "plain", Kind: secrets.KindVariable, ID: "b"}}, seen,
		"a layer without batches is not asked for one")
	stats := c.Stats()
	assert.Equal(t, []uint64{4, 0}, []uint64{stats.BackendCalls, stats.Errors}, "calls, errors")
}

// What ends with its caller is nobody's failure, whoever asks.
func TestEndedContextIsNotCounted(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *secrets.Chain) error{
		"Prefetch of one": func(ctx context.Context, c *secrets.Chain) error { return c.Prefetch(ctx, secrets.KindVariable, "a") },
		"Prefetch of many": func(ctx context.Context, c *secrets.Chain) error {
			return c.Prefetch(ctx, secrets.KindVariable, "a", "b")
		},
		"Explain": func(ctx context.Context, c *secrets.Chain) error {
			_, err := c.Explain(ctx, secrets.KindVariable, "a")
			return err
		},
		"SetVariable": func(ctx context.Context, c *secrets.Chain) error { _, err := c.SetVariable(ctx, "a", "v"); return err },
		"Check":       func(ctx context.Context, c *secrets.Chain) error { return c.Check(ctx) },
	}
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stalled := fake()
				stalled.Stall(true)
				var log bytes.Buffer
				c := newChain(t, &secrets.Options{Cache: &secrets.CacheOptions{}, Logger: slog.New(slog.NewTextHandler(&log, nil))},
					secrets.Layer{Name: "slow", Backend: struct {
						secrets.Backend
						secrets.Checker
					}{stalled, stalled}}, secrets.Layer{Name: "store", Backend: fake()})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				assert.ErrorIs(t, do(ctx, c), context.DeadlineExceeded)
				synctest.Wait()
				assert.Zero(t, c.Stats().Errors)
				assert.Empty(t, log.String())
			})
		})
	}
}

func TestExplainCountsItsCalls(t *testing.T) {
	down := fake()
	down.Fail(secrets.ErrDenied)
	c := newChain(t, nil, secrets.Layer{Name: "down", Backend: down}, secrets.Layer{Name: "store", Backend: fake()})
	_, err := c.Explain(t.Context(), secrets.KindVariable, "k")
	require.NoError(t, err)
	assert.Equal(t, secrets.Stats{BackendCalls: 2, Errors: 1}, c.Stats())
}

// A panic outside the backends, too, is an outage of the call, and not the end of the program.
func TestPanickingObserver(t *testing.T) {
	observer := observerFunc(func(context.Context, secrets.Call) (context.Context, func(error)) { panic("pLanted5ecret") })
	c := newChain(t, &secrets.Options{Observer: observer, Cache: &secrets.CacheOptions{}},
		secrets.Layer{Name: "plain", Backend: struct {
			readOnly
			secrets.Checker
		}{readOnly{fake("a", "1")}, fake()}})
	for name, call := range map[string]func(ctx context.Context) error{
		"GetVariable": func(ctx context.Context) error { _, err := c.GetVariable(ctx, "a"); return err },
		"Prefetch":    func(ctx context.Context) error { return c.Prefetch(ctx, secrets.KindVariable, "a", "b") },
		"Check":       c.Check,
	} {
		for _, ctx := range []context.Context{t.Context(), context.Background()} {
			err := call(ctx)
			assert.ErrorIs(t, err, secrets.ErrUnavailable, name)
			backendtest.NoLeak(t, "pLanted5ecret", err)
		}
	}
}

// Callers who share a search that fails share nothing that one of them could change.
func TestErrorsOfASharedSearchAreApart(t *testing.T) {
	for name, leader := range map[string]func(t *testing.T) context.Context{
		"a context that ends":       func(t *testing.T) context.Context { return t.Context() },
		"a context that never ends": func(*testing.T) context.Context { return context.Background() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				c := newChain(t, nil, secrets.Layer{Name: "store", Backend: secrets.Funcs{Variable: func(context.Context, string) (string, error) {
					<-release
					return "", secrets.ErrNotFound
				}}})
				got := make(chan *secrets.LookupError, 10)
				for i := range cap(got) {
					go func() {
						ctx := t.Context()
						if i == 0 {
							ctx = leader(t)
						}
						_, err := c.GetVariable(ctx, "absent")
						e, _ := errors.AsType[*secrets.LookupError](err)
						e.ID, e.Tried[0].Layer = "changed", "changed" // seen by the race detector too
						got <- e
					}()
					synctest.Wait() // the first leads
				}
				close(release)
				errs := map[*secrets.LookupError]bool{}
				attempts := map[*secrets.Attempt]bool{}
				for range cap(got) {
					e := <-got
					errs[e], attempts[&e.Tried[0]] = true, true
				}
				assert.Equal(t, []int{cap(got), cap(got)}, []int{len(errs), len(attempts)}, "errors, lists of attempts")
			})
		})
	}
}
