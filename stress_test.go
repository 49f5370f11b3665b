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
	"go.uber.org/goleak"

	"github.com/secretchain/secrets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEveryMethodAtOnce calls every method of a chain from a thousand goroutines, and closes it among them.
func TestEveryMethodAtOnce(t *testing.T) {
	for name, opts := range map[string]*secrets.Options{
		"without a cache": {Pick: secrets.PickRandom},
		"with a cache": {Cache: &secrets.CacheOptions{TTL: time.Millisecond, NegativeTTL: time.Millisecond, RefreshAhead: time.Millisecond / 2,
			StaleIfError: time.Millisecond, MaxEntries: 16}},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := fake("a", "1", "b", "2"), fake("b", "3", "c", "4")
			c, err := secrets.NewChain([]secrets.Layer{
				{Name: "one", Backend: first, ContinueOn: []error{secrets.ErrUnavailable}, Timeout: time.Minute},
				{Name: "two", Backend: second},
			}, opts)
			require.NoError(t, err)
			calls := []func(ctx context.Context, id string) error{
				func(ctx context.Context, id string) error { _, err := c.GetConnection(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.GetConnections(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.GetConnURI(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.GetVariable(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.GetConfig(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.LookupConnection(ctx, id); return err },
				func(ctx context.Context, id string) error { _, err := c.LookupVariable(ctx, id); return err },
				func(ctx context.Context, id string) error {
					_, err := c.Explain(ctx, secrets.KindVariable, id)
					return err
				},
				func(ctx context.Context, id string) error {
					return c.Prefetch(ctx, secrets.KindConnection, id, "a", "x")
				},
				func(_ context.Context, id string) error { c.Forget(secrets.KindVariable, id); return nil },
				func(ctx context.Context, _ string) error { return c.Check(ctx) },
				func(context.Context, string) error { c.Stats(); return nil },
				func(ctx context.Context, id string) error { _, err := c.SetVariable(ctx, "w"+id, "v"); return err },
				func(ctx context.Context, id string) error { _, err := c.DeleteVariable(ctx, "w"+id); return err },
				func(ctx context.Context, id string) error {
					_, err := c.SetConnection(ctx, secrets.Connection{ID: "w" + id, Type: "mysql"})
					return err
				},
				func(ctx context.Context, id string) error { _, err := c.DeleteConnection(ctx, "w"+id); return err },
				func(context.Context, string) error { _ = fmt.Sprintf("%+v", c); return nil },
			}
			var wg sync.WaitGroup
			closing := make(chan struct{})
			var failures atomic.Int64
			var lastFailure atomic.Pointer[error]
			for g := range 1000 {
				wg.Go(func() {
					for i := range 20 {
						ctx, cancel := context.WithCancel(context.Background())
						if i%7 == 0 {
							cancel()
						}
						err := calls[(g+i)%len(calls)](ctx, string(rune('a'+(g+i)%5)))
						cancel()
						if class := secrets.ClassOf(err); class != nil && class != secrets.ErrNotFound && class != secrets.ErrClosed &&
							!errors.Is(err, context.Canceled) && !errors.Is(err, errors.ErrUnsupported) {
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
			assert.NoError(t, c.Close())
			wg.Wait()
			if failures.Load() > 0 {
				t.Fatalf("%d calls failed, one of them: %v", failures.Load(), *lastFailure.Load())
			}
		})
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
