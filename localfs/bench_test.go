package localfs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/assert"
	"go.yaml.in/yaml/v3"

	"github.com/secretchain/secrets"
)

// The bounds are those of the specification, design §9: each benchmark has its floor beside it.

var sizes = []int{10, 1000, 100_000}

func variables(n int, line string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i, i)
	}
	return b.String()
}

func load(b *testing.B, kind secrets.Kind, text string, read format) {
	b.Helper()
	b.ReportAllocs()
	data := []byte(text)
	for b.Loop() {
		if _, _, err := readFile(kind, "bench", data, read); err != nil {
			b.Fatal(err)
		}
	}
	perEntry(b, text)
}

func perEntry(b *testing.B, text string) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(strings.Count(text, "\n")), "ns/entry")
}

// At most 0.12 of the floor, and 1.1 allocations a line.
func BenchmarkEnvFile(b *testing.B) {
	for _, n := range sizes {
		for kind, text := range map[secrets.Kind]string{
			secrets.KindVariable:   variables(n, "MY_SERVICE_%d_PASSWORD=a-secret-value-of-some-length-%d\n"),
			secrets.KindConnection: variables(n, "CONN_%d=mysql://login:pa%%%%2Fss@host%d.example.com:3306/schema\n"),
		} {
			b.Run(fmt.Sprintf("%ss/godotenv/%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := godotenv.Parse(strings.NewReader(text)); err != nil {
						b.Fatal(err)
					}
				}
				perEntry(b, text)
			})
			b.Run(fmt.Sprintf("%ss/localfs/%d", kind, n), func(b *testing.B) { load(b, kind, text, readAirflowEnv) })
		}
	}
}

// No line costs an allocation of its own.
func TestEnvFileAllocations(t *testing.T) {
	const lines = 1000
	for kind, line := range map[secrets.Kind]string{
		secrets.KindVariable:   "KEY_%d=value-%d\n",
		secrets.KindConnection: "CONN_%d=mysql://login:pa%%2Fss@host%d:3306/schema?a=%%2F\n",
	} {
		data := []byte(variables(lines, line))
		got := testing.AllocsPerRun(10, func() {
			if _, _, err := readFile(kind, "file", data, readAirflowEnv); err != nil {
				t.Error("refused")
			}
		})
		assert.Less(t, got, 0.1*lines, kind)
	}
}

func object(lines string) string { return "{\n" + strings.TrimSuffix(lines, ",\n") + "\n}" }

// At most 1.0 of the floor.
func BenchmarkJSONFile(b *testing.B) {
	for _, n := range sizes {
		text := object(variables(n, "  \"MY_SERVICE_%d_PASSWORD\": \"a-secret-value-of-some-length-%d\",\n"))
		uris := object(variables(n, "  \"CONN_%d\": \"mysql://login:pa%%%%2Fss@host%d.example.com:3306/schema\",\n"))
		objects := object(variables(n, "  \"CONN_%d\": {\"conn_type\": \"mysql\", \"login\": \"login\", \"password\": \"pa/ss\", \"host\": \"host%d.example.com\", \"port\": 3306, \"extra\": {\"a\": 1}},\n"))
		for name, c := range map[string]struct {
			text string
			kind secrets.Kind
		}{
			"variables": {text, secrets.KindVariable}, "uris": {uris, secrets.KindConnection}, "objects": {objects, secrets.KindConnection},
		} {
			b.Run(fmt.Sprintf("%s/encoding json/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var values map[string]any
					if err := json.Unmarshal([]byte(c.text), &values); err != nil {
						b.Fatal(err)
					}
				}
				perEntry(b, c.text)
			})
			b.Run(fmt.Sprintf("%s/localfs/%d", name, n), func(b *testing.B) { load(b, c.kind, c.text, readJSON) })
		}
	}
}

// At most 1.5 of the floor.
func BenchmarkYAMLFile(b *testing.B) {
	for _, n := range sizes {
		text := variables(n, "MY_SERVICE_%d_PASSWORD: a-secret-value-of-some-length-%d\n")
		objects := variables(n, "CONN_%d:\n  conn_type: mysql\n  login: login\n  password: pa/ss\n  host: host%d.example.com\n  port: 3306\n  extra: {a: 1}\n")
		for name, c := range map[string]struct {
			text string
			kind secrets.Kind
		}{"variables": {text, secrets.KindVariable}, "objects": {objects, secrets.KindConnection}} {
			b.Run(fmt.Sprintf("%s/yaml nodes/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var document yaml.Node
					if err := yaml.Unmarshal([]byte(c.text), &document); err != nil {
						b.Fatal(err)
					}
				}
				perEntry(b, c.text)
			})
			b.Run(fmt.Sprintf("%s/localfs/%d", name, n), func(b *testing.B) { load(b, c.kind, c.text, readYAML) })
		}
	}
}

// At most 1.1 of the floor where every lookup looks at the file, and next to nothing between two looks.
func BenchmarkLookup(b *testing.B) {
	path := filepath.Join(b.TempDir(), "v.env")
	text := variables(100_000, "KEY_%d=value %d\n")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // long enough ago that no clock is too coarse
	if err := os.Chtimes(path, old, old); err != nil {
		b.Fatal(err)
	}
	stores := map[string]*Backend{}
	for name, interval := range map[string]time.Duration{"every lookup looks": -1, "default interval": 0} {
		store, err := New(&Options{VariablesFile: path, Interval: interval})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.Check(b.Context()); err != nil { // loads, so that the floor has the same heap
			b.Fatal(err)
		}
		stores[name] = store
	}
	b.Run("os.Stat", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := os.Stat(path); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, store := range stores {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.GetVariable(ctx, "KEY_99999"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
