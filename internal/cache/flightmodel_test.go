package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/secretchain/secrets/internal/cache"
)

// Many goroutines over few keys, with contexts of every sort: values are right, loads of one key never overlap unless
// one was abandoned, and under -race the reused calls are seen to be nobody's.
func TestFlightUnderLoad(t *testing.T) {
	var running, loads atomic.Int32
	f := cache.NewFlight(func(ctx context.Context, key int) (int, error) {
		loads.Add(1)
		running.Add(1)
		defer running.Add(-1)
		if key%3 == 0 {
			runtime.Gosched()
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return key * 7, nil
	})
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 2000 {
				key := i % 5
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if (g+i)%3 == 0 {
					ctx, cancel = context.WithCancel(t.Context())
					if i%2 == 0 {
						go cancel()
					}
				}
				v, _, err := f.Do(ctx, key)
				if err != nil {
					assert.ErrorIs(t, err, context.Canceled)
					assert.Error(t, ctx.Err(), "only a caller's own context fails it")
				} else {
					assert.Equal(t, key*7, v)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	f.Close(errClosed)
	assert.Zero(t, running.Load())
	assert.Positive(t, loads.Load())
}

// TestFlightModel holds Do against the rules, over random orders of arriving, leaving, finishing and closing.
func TestFlightModel(t *testing.T) {
	type running struct {
		n       int
		open    chan struct{}
		waiting map[int]bool
	}
	type waiter struct {
		*pending
		key    string
		shared bool
		cancel context.CancelFunc
	}
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			begun := make(chan *running)
			f := cache.NewFlight(func(ctx context.Context, key string) (string, error) {
				r := &running{open: make(chan struct{}), waiting: map[int]bool{}}
				begun <- r
				select {
				case <-r.open:
					return fmt.Sprint(key, r.n), nil
				case <-ctx.Done():
					return "", errors.New("ended")
				}
			})
			loads := map[string]*running{}
			waiters := map[int]*waiter{}
			next, count := 0, 0
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				key := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "key")
				switch rapid.SampledFrom([]string{"arrive", "arrive", "leave", "finish"}).Draw(rt, "action") {
				case "arrive":
					ctx, cancel := context.WithCancel(context.Background())
					w := &waiter{key: key, shared: loads[key] != nil, cancel: cancel}
					w.pending = caller(ctx, f, key)
					if loads[key] == nil {
						count++
						loads[key] = <-begun
						loads[key].n = count
					}
					loads[key].waiting[next] = true
					waiters[next] = w
					next++
				case "leave":
					if len(waiters) == 0 {
						continue
					}
					id := rapid.SampledFrom(slices.Sorted(maps.Keys(waiters))).Draw(rt, "who")
					w := waiters[id]
					w.cancel()
					synctest.Wait()
					require.Equal(t, answer{"", w.shared, context.Canceled}, w.now())
					delete(waiters, id)
					delete(loads[w.key].waiting, id)
					if len(loads[w.key].waiting) == 0 {
						delete(loads, w.key)
					}
				case "finish":
					if r := loads[key]; r != nil {
						close(r.open)
						synctest.Wait()
						for id := range r.waiting {
							w := waiters[id]
							require.Equal(t, answer{fmt.Sprint(key, r.n), w.shared, nil}, w.now())
							w.cancel()
							delete(waiters, id)
						}
						delete(loads, key)
					}
				}
				for _, w := range waiters {
					require.Zero(t, w.now(), "nobody else was answered")
				}
			}
			f.Close(errClosed)
			synctest.Wait()
			for _, w := range waiters {
				require.Equal(t, answer{"", w.shared, errClosed}, w.now())
				w.cancel()
			}
		})
	})
}
