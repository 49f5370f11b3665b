package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/maypok86/otter/v2"
	"github.com/spf13/viper"
	"github.com/tailscale/setec/client/setec"
	"gocloud.dev/runtimevar"
	"gocloud.dev/runtimevar/constantvar"

	"github.com/secretchain/secrets"
)

// values returns n names with their values.
func values(n int) map[string]string {
	all := make(map[string]string, n)
	for i := range n {
		all[fmt.Sprintf("airflow_variable_n_%06d", i)] = fmt.Sprintf("a value of forty-eight bytes for the key  %06d", i)
	}
	return all
}

// reader makes ready whatever a program would read n values with, and returns the read of one.
type reader struct {
	name string
	make func(b *testing.B, values map[string]string) func(name string) bool
}

var readers = []reader{
	{"sync.Map", func(_ *testing.B, values map[string]string) func(string) bool {
		var m sync.Map
		for name, value := range values {
			m.Store(name, value)
		}
		return func(name string) bool { _, ok := m.Load(name); return ok }
	}},
	{"secrets.Chain GetVariable", func(b *testing.B, values map[string]string) func(string) bool {
		c := chain(b, values)
		ctx := b.Context()
		return func(name string) bool { _, err := c.GetVariable(ctx, name); return err == nil }
	}},
	{"secrets.Chain GetConnection", func(b *testing.B, values map[string]string) func(string) bool {
		c := chain(b, values)
		ctx := b.Context()
		return func(name string) bool { _, err := c.GetConnection(ctx, name); return err == nil }
	}},
	{"otter, a cache with expiry", func(b *testing.B, values map[string]string) func(string) bool {
		c := otter.Must(&otter.Options[string, string]{
			MaximumSize: 2 * len(values), ExpiryCalculator: otter.ExpiryWriting[string, string](15 * time.Minute)})
		b.Cleanup(func() { c.StopAllGoroutines() })
		for name, value := range values {
			c.Set(name, value)
		}
		return func(name string) bool { _, ok := c.GetIfPresent(name); return ok }
	}},
	{"setec, Store.Secret", func(b *testing.B, values map[string]string) func(string) bool {
		type secret struct {
			Secret struct {
				TextValue string
				Version   int
			} `json:"secret"`
		}
		file := map[string]secret{}
		for name, value := range values {
			var s secret
			s.Secret.TextValue, s.Secret.Version = value, 1
			file[name] = s
		}
		client, err := setec.NewFileClient(writeJSON(b, file))
		if err != nil {
			b.Fatal(err)
		}
		store, err := setec.NewStore(b.Context(), setec.StoreConfig{
			Client: client, Secrets: slices.Collect(maps.Keys(values)), PollInterval: time.Hour, Logf: func(string, ...any) {}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = store.Close() })
		return func(name string) bool { return len(store.Secret(name).Get()) > 0 }
	}},
	{"gocloud.dev/runtimevar, Variable.Latest", func(b *testing.B, values map[string]string) func(string) bool {
		all := map[string]*runtimevar.Variable{}
		for name, value := range values {
			all[name] = constantvar.New(value)
		}
		b.Cleanup(func() {
			for _, v := range all {
				_ = v.Close()
			}
		})
		ctx := context.Background()
		return func(name string) bool { s, err := all[name].Latest(ctx); return err == nil && s.Value != nil }
	}},
	{"viper, GetString", func(_ *testing.B, values map[string]string) func(string) bool {
		v := viper.New()
		for name, value := range values {
			v.Set(name, value)
		}
		return func(name string) bool { return v.GetString(name) != "" }
	}},
	{"koanf, String", func(b *testing.B, values map[string]string) func(string) bool {
		all := make(map[string]any, len(values))
		for name, value := range values {
			all[name] = value
		}
		k := koanf.New(".")
		if err := k.Load(confmap.Provider(all, ""), nil); err != nil {
			b.Fatal(err)
		}
		return func(name string) bool { return k.String(name) != "" }
	}},
}

func chain(b *testing.B, values map[string]string) *secrets.Chain {
	c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: secrets.Funcs{
		Variable: func(_ context.Context, key string) (string, error) { return values[key], nil },
		Connection: func(_ context.Context, id string) (string, error) {
			return "postgresql://user:password@host.example:5432/" + id, nil
		},
	}}}, &secrets.Options{Cache: &secrets.CacheOptions{MaxEntries: 2 * len(values)}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

func writeJSON(b *testing.B, v any) (path string) {
	path = filepath.Join(b.TempDir(), "secrets.json")
	data, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkRead reads one of 1 000 values that are at hand already, by name, in every way.
func BenchmarkRead(b *testing.B) { benchmarkRead(b, readers) }

func benchmarkRead(b *testing.B, readers []reader) {
	values := values(1000)
	names := slices.Sorted(maps.Keys(values))
	for _, r := range readers {
		b.Run(r.name, func(b *testing.B) {
			read := r.make(b, values)
			for _, name := range names {
				if !read(name) {
					b.Fatalf("%q is not there", name)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); {
					if !read(names[i]) {
						b.Error("a value is gone")
						return
					}
					if i++; i == len(names) {
						i = 0
					}
				}
			})
		})
	}
}
