package cache_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/secretchain/secrets/internal/cache"
)

var sink int

// BenchmarkFlight holds the cost of sharing against the load itself.
func BenchmarkFlight(b *testing.B) {
	type named struct {
		kind uint8
		id   string
	}
	table := map[string]int{}
	for i := range 1000 {
		table["key_number_"+strconv.Itoa(i)] = i
	}
	load := func(_ context.Context, key string) (int, error) { return table[key], nil }

	b.Run("load alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink, _ = load(context.Background(), "key_number_7")
		}
	})
	b.Run("context without end", func(b *testing.B) {
		f := cache.NewFlight(load)
		b.ReportAllocs()
		for b.Loop() {
			sink, _, _ = f.Do(context.Background(), "key_number_7")
		}
	})
	b.Run("context without end, struct key", func(b *testing.B) {
		f := cache.NewFlight(func(_ context.Context, key named) (int, error) { return table[key.id], nil })
		b.ReportAllocs()
		for b.Loop() {
			sink, _, _ = f.Do(context.Background(), named{1, "key_number_7"})
		}
	})
	b.Run("context that may end", func(b *testing.B) {
		f := cache.NewFlight(load)
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			sink, _, _ = f.Do(ctx, "key_number_7")
		}
	})
	b.Run("many keys, all cores", func(b *testing.B) {
		f := cache.NewFlight(load)
		keys := make([]string, 0, len(table))
		for key := range table {
			keys = append(keys, key)
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				_, _, _ = f.Do(context.Background(), keys[i%len(keys)])
			}
		})
	})
}
