//go:build vals

package benchmarks

import (
	"testing"

	"github.com/helmfile/vals"
)

// BenchmarkReadVals is BenchmarkRead for vals, behind a build tag since it builds the SDK of every store there is.
func BenchmarkReadVals(b *testing.B) {
	benchmarkRead(b, []reader{readers[0], {"vals, Get of a cached document", func(b *testing.B, values map[string]string) func(string) bool {
		path := writeJSON(b, values)
		r, err := vals.New(vals.Options{CacheSize: 2 * len(values)})
		if err != nil {
			b.Fatal(err)
		}
		return func(name string) bool {
			s, err := r.Get("ref+file://" + path + "#/" + name)
			return err == nil && s != ""
		}
	}}})
}
