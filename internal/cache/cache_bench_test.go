package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/secretchain/secrets/internal/cache"
)

// text is what a chain keeps of a variable: 24 bytes.
type text struct {
	value string
	_     *int // where a chain says where it is from
}

func benchKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("airflow/variables/v%06d", i) // 25 bytes
	}
	return keys
}

func benchCache(keys []string) *cache.Cache[text] {
	c := cache.New(func(_ context.Context, key string) (text, error) {
		return text{value: "a value of forty-eight bytes for the key " + key[len(key)-7:]}, nil
	}, cache.Options[text]{TTL: time.Hour, MaxEntries: 2 * len(keys)})
	for _, key := range keys {
		_, _ = c.Get(context.Background(), key)
	}
	return c
}

// BenchmarkFind holds a cached read against a read of the same keys from a sync.Map.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		keys := benchKeys(n)
		c := benchCache(keys)
		defer c.Close(context.Canceled)
		var floor sync.Map
		for _, key := range keys {
			floor.Store(key, text{value: "a value of forty-eight bytes for the key " + key[len(key)-7:]})
		}
		reads := map[string]func(key string) bool{
			"sync.Map": func(key string) bool { _, ok := floor.Load(key); return ok },
			"cache":    func(key string) bool { _, ok := c.Find(key); return ok },
		}
		for _, name := range []string{"sync.Map", "cache"} {
			read := reads[name]
			b.Run(strconv.Itoa(n)+" keys/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); {
						if !read(keys[i]) {
							b.Error("missed a key")
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

// BenchmarkFindGoroutines shows that a read costs the same however many read, be it one key or many.
func BenchmarkFindGoroutines(b *testing.B) {
	keys := benchKeys(1000)
	c := benchCache(keys)
	defer c.Close(context.Canceled)
	for _, spread := range []int{1, len(keys)} {
		for _, goroutines := range []int{2, 100} {
			b.Run(fmt.Sprintf("%d keys/%d goroutines", spread, goroutines), func(b *testing.B) {
				b.SetParallelism(goroutines / min(goroutines, runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i++ {
						_, _ = c.Find(keys[i%spread])
					}
				})
			})
		}
	}
}

// BenchmarkMemory reports the bytes that one of 100 000 entries takes, with its 25-byte key and 48-byte value and without.
func BenchmarkMemory(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := benchCache(benchKeys(n))
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/entry")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n-32-48, "B/entry-beyond-texts")
		c.Close(context.Canceled)
	}
}

// BenchmarkInsert is a miss at capacity, so with an eviction, in caches of three sizes: the cost is to be the same.
func BenchmarkInsert(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			keys := benchKeys(3 * n)
			c := cache.New(func(context.Context, string) (text, error) { return text{}, nil },
				cache.Options[text]{TTL: time.Hour, MaxEntries: n})
			defer c.Close(context.Canceled)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, _ = c.Get(context.Background(), keys[i%len(keys)])
			}
		})
	}
}
