package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/internal/wiretest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// busy is a store whose every call takes a while: it ends when somebody sends on turn. One whose context ends before
// takes a while to notice, and fails. Nobody ever sends for the name stuck.
type busy struct {
	*backendtest.Fake
	turn    chan struct{}
	lookups atomic.Int64 // that are under way
}

// lookup marks the context of a lookup, for which Close waits.
type lookup struct{}

func (b *busy) wait(ctx context.Context, id string) error {
	if ctx.Value(lookup{}) != nil {
		b.lookups.Add(1)
		defer b.lookups.Add(-1)
	}
	turn := b.turn
	if id == "stuck" {
		turn = nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		<-b.turn
		return ctx.Err()
	}
}

func (b *busy) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	if err := b.wait(ctx, id); err != nil {
		return nil, err
	}
	return b.Fake.GetConnections(ctx, id)
}

func (b *busy) GetVariable(ctx context.Context, key string) (string, error) {
	if err := b.wait(ctx, key); err != nil {
		return "", err
	}
	return b.Fake.GetVariable(ctx, key)
}

// TestEveryMethodAtOnce calls every method of a chain from a thousand goroutines, some of which leave before, some while
// they wait, and closes it among them. Whoever stays has an answer that is his own, and nothing goes on after Close.
func TestEveryMethodAtOnce(t *testing.T) {
	for name, opts := range map[string]*secrets.Options{
		"without a cache": {Pick: secrets.PickRandom},
		"with a cache": {Cache: &secrets.CacheOptions{TTL: time.Millisecond, NegativeTTL: time.Millisecond, RefreshAhead: time.Millisecond / 2,
			StaleIfError: time.Millisecond, MaxEntries: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := fake("a", "1", "b", "2"), &busy{Fake: fake("b", "3", "c", "4"), turn: make(chan struct{})}
			c, err := secrets.NewChain([]secrets.Layer{
				{Name: "one", Backend: first, ContinueOn: []error{secrets.ErrUnavailable}, Timeout: time.Minute},
				{Name: "two", Backend: second},
			}, opts)
			require.NoError(t, err)
			calls := everyMethod(c)
			var turns, callers sync.WaitGroup
			over := make(chan struct{})
			turns.Go(func() {
				for {
					select {
					case second.turn <- struct{}{}:
					case <-over:
						return
					}
				}
			})
			closing := make(chan struct{})
			var failures atomic.Int64
			var lastFailure atomic.Pointer[error]
			for g := range 1000 {
				callers.Go(func() {
					for i := range 20 {
						ctx, cancel := context.WithCancel(context.Background())
						id := string(rune('a' + (g+i)%20))
						switch i % 7 {
						case 0:
							cancel()
						case 1:
							id = "stuck" // whoever waits for it leaves
							callers.Go(cancel)
						case 2:
							callers.Go(cancel)
						}
						err := calls[(g+i)%len(calls)](ctx, id)
						left := ctx.Err() != nil
						cancel()
						if class := secrets.ClassOf(err); class != nil && class != secrets.ErrNotFound && class != secrets.ErrClosed &&
							!(left && errors.Is(err, context.Canceled)) && !errors.Is(err, errors.ErrUnsupported) {
							failures.Add(1)
							lastFailure.Store(&err)
						}
						if g == 500 && i == 10 {
							close(closing)
						}
					}
				})
			}
			<-closing
			closed := make(chan error, 1)
			go func() {
				closed <- c.Close()
				assert.Zero(t, second.lookups.Load(), "lookups go on after Close")
				close(closed)
			}()
			assert.NoError(t, wiretest.Await(t, closed, "Close, which must not wait for a lookup that nobody waits for"))
			<-closed
			callers.Wait()
			close(over)
			turns.Wait()
			if failures.Load() > 0 {
				t.Fatalf("%d calls failed, one of them: %v", failures.Load(), *lastFailure.Load())
			}
			for i, call := range calls[:callsThatFail] {
				if err := call(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) { // prefetching without a cache
					assert.ErrorIsf(t, err, secrets.ErrClosed, "method %d after Close", i)
				}
			}
		})
	}
}

// callsThatFail is how many of everyMethod tell that the chain is closed.
const callsThatFail = 14

// everyMethod is every method of a chain. What they return is written over: it is the caller's own.
func everyMethod(c *secrets.Chain) []func(ctx context.Context, id string) error {
	spoil := func(tried []secrets.Attempt, err error) error {
		if failed, ok := errors.AsType[*secrets.LookupError](err); ok {
			tried = failed.Tried
		}
		for i := range tried {
			tried[i].Layer = "another"
		}
		return err
	}
	read := func(ctx context.Context) context.Context { return context.WithValue(ctx, lookup{}, true) }
	return []func(ctx context.Context, id string) error{
		func(ctx context.Context, id string) error {
			_, err := c.GetConnection(read(ctx), id)
			return spoil(nil, err)
		},
		func(ctx context.Context, id string) error {
			conns, err := c.GetConnections(read(ctx), id)
			for i := range conns {
				conns[i].Host = "another"
			}
			return spoil(nil, err)
		},
		func(ctx context.Context, id string) error {
			_, err := c.GetConnURI(read(ctx), id)
			return spoil(nil, err)
		},
		func(ctx context.Context, id string) error {
			_, err := c.GetVariable(read(ctx), id)
			return spoil(nil, err)
		},
		func(ctx context.Context, id string) error {
			_, err := c.GetConfig(read(ctx), id)
			return spoil(nil, err)
		},
		func(ctx context.Context, id string) error {
			found, err := c.LookupConnection(read(ctx), id)
			return spoil(found.Tried, err)
		},
		func(ctx context.Context, id string) error {
			found, err := c.LookupVariable(read(ctx), id)
			return spoil(found.Tried, err)
		},
		func(ctx context.Context, id string) error {
			tried, err := c.Explain(ctx, secrets.KindVariable, id)
			return spoil(tried, err)
		},
		func(ctx context.Context, id string) error {
			return c.Prefetch(ctx, secrets.KindConnection, id, "a", "x")
		},
		func(ctx context.Context, _ string) error { return c.Check(ctx) },
		func(ctx context.Context, id string) error { _, err := c.SetVariable(ctx, "w"+id, "v"); return err },
		func(ctx context.Context, id string) error { _, err := c.DeleteVariable(ctx, "w"+id); return err },
		func(ctx context.Context, id string) error {
			_, err := c.SetConnection(ctx, secrets.Connection{ID: "w" + id, Type: "mysql"})
			return err
		},
		func(ctx context.Context, id string) error { _, err := c.DeleteConnection(ctx, "w"+id); return err },
		func(_ context.Context, id string) error { c.Forget(secrets.KindVariable, id); return nil },
		func(context.Context, string) error { c.ForgetAll(); return nil },
		func(context.Context, string) error { c.Stats(); return nil },
		func(context.Context, string) error { _ = fmt.Sprintf("%+v", c); return nil },
	}
}

// TestMemoryStaysFlat looks up absent names, each another one, with negative caching on: a client that asks for random
// names must not fill the memory.
func TestMemoryStaysFlat(t *testing.T) {
	lookups := 100_000
	if os.Getenv("SECRETS_TEST_LONG") != "" {
		lookups = 10_000_000
	}
	absent := secrets.Funcs{}
	c := newChain(t, &secrets.Options{Cache: &secrets.CacheOptions{NegativeTTL: time.Hour}}, secrets.Layer{Name: "empty", Backend: absent})
	name := make([]byte, 0, 32)
	ask := func(from, to int) {
		for i := from; i < to; i++ {
			name = fmt.Appendf(name[:0], "absent-%d", i)
			if _, err := c.GetVariable(context.Background(), string(name)); secrets.ClassOf(err) != secrets.ErrNotFound {
				require.ErrorIs(t, err, secrets.ErrNotFound)
			}
		}
	}
	ask(0, lookups/10)
	before := heap()
	ask(lookups/10, lookups)
	assert.Less(t, heap(), before+before/2+1<<20)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
