package secrets_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/secretchain/secrets"
)

var sizes = []int{1000, 100_000}

func names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("airflow_variable_n_%06d", i) // 25 bytes
	}
	return names
}

// cachedChain is a chain that holds every name, as a variable and as a connection.
func cachedChain(tb testing.TB, names []string) *secrets.Chain {
	c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: secrets.Funcs{
		Variable: func(_ context.Context, key string) (string, error) {
			return "a value of forty-eight bytes for the key " + key[len(key)-7:], nil
		},
		Connection: func(_ context.Context, id string) (string, error) {
			return "postgresql://user:password@host.example:5432/" + id, nil
		},
	}}}, &secrets.Options{Cache: &secrets.CacheOptions{TTL: time.Hour, MaxEntries: 2 * len(names)}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// BenchmarkCached holds cached reads against reads of the same names from a sync.Map.
func BenchmarkCached(b *testing.B) {
	for _, n := range sizes {
		names := names(n)
		c := cachedChain(b, names)
		var floor sync.Map
		for _, name := range names {
			_, err := c.GetConnection(b.Context(), name)
			if err != nil {
				b.Fatal(err)
			}
			text, err := c.GetVariable(b.Context(), name)
			if err != nil {
				b.Fatal(err)
			}
			floor.Store(name, text)
		}
		ctx := b.Context()
		for _, read := range []struct {
			name string
			do   func(name string) bool
		}{
			{"sync.Map", func(name string) bool { _, ok := floor.Load(name); return ok }},
			{"GetVariable", func(name string) bool { _, err := c.GetVariable(ctx, name); return err == nil }},
			{"GetConnection", func(name string) bool { _, err := c.GetConnection(ctx, name); return err == nil }},
		} {
			b.Run(fmt.Sprintf("%d names/%s", n, read.name), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); {
						if !read.do(names[i]) {
							b.Error("a name was not found")
							return
						}
						if i++; i == n {
							i = 0
						}
					}
				})
			})
		}
	}
}

// BenchmarkCachedGoroutines shows that a cached read costs the same however many read.
func BenchmarkCachedGoroutines(b *testing.B) {
	names := names(1000)
	c := cachedChain(b, names)
	for _, name := range names {
		_, _ = c.GetVariable(b.Context(), name)
	}
	for _, goroutines := range []int{2, 100} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			b.SetParallelism(goroutines / min(goroutines, runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					_, _ = c.GetVariable(context.Background(), names[i%len(names)])
				}
			})
		})
	}
}

// BenchmarkCacheMemory reports the bytes that one of 100 000 cached variables takes, its 25-byte name and 48-byte value
// included.
func BenchmarkCacheMemory(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		var before, after runtime.MemStats
		c := cachedChain(b, names(n))
		runtime.GC()
		runtime.ReadMemStats(&before)
		for _, name := range names(n) {
			if _, err := c.GetVariable(context.Background(), name); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/entry")
		_ = c.Close()
	}
}

// BenchmarkMiss holds a search through three layers in memory, without a cache, against the three calls alone: with the
// store for tests, and with one that does nothing but read a map.
func BenchmarkMiss(b *testing.B) {
	absent := &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: "absent", Err: secrets.ErrNotFound}
	stores := map[string]func() secrets.Backend{
		"fake": func() secrets.Backend { return fake("k", "v") },
		"map": func() secrets.Backend {
			m := map[string]string{"k": "v"}
			return secrets.Funcs{Variable: func(_ context.Context, key string) (string, error) {
				if text, ok := m[key]; ok {
					return text, nil
				}
				return "", absent
			}}
		},
	}
	for _, name := range []string{"fake", "map"} {
		layers := []secrets.Layer{{Name: "one", Backend: stores[name]()}, {Name: "two", Backend: stores[name]()}, {Name: "three", Backend: stores[name]()}}
		c, err := secrets.NewChain(layers, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/calls", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range layers {
					_, _ = layers[i].Backend.GetVariable(context.Background(), "absent")
				}
			}
		})
		b.Run(name+"/chain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.GetVariable(context.Background(), "absent")
			}
		})
		_ = c.Close()
	}
}

// BenchmarkUnmatched shows what layers cost that are not asked for a name: no call, no allocation.
func BenchmarkUnmatched(b *testing.B) {
	for _, n := range []int{0, 10, 100} {
		layers := make([]secrets.Layer, 0, n+1)
		for i := range n {
			layers = append(layers, secrets.Layer{Name: fmt.Sprint(i), Backend: fake(), Match: func(secrets.Kind, string) bool { return false }})
		}
		c, err := secrets.NewChain(append(layers, secrets.Layer{Name: "store", Backend: fake("k", "v")}), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.GetVariable(context.Background(), "k")
			}
		})
		_ = c.Close()
	}
}
