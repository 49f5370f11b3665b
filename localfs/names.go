package localfs

import (
	"iter"
	"maps"

	"github.com/secretchain/secrets"
)

// names are those that can be used.
func (v version) names(kind secrets.Kind) iter.Seq[string] {
	if v.dir == nil {
		return v.file.names(kind)
	}
	return func(yield func(string) bool) {
		for name := range v.dir {
			s, err := v.holding(name)
			if err != nil || s == nil {
				continue
			}
			for name := range s.names(kind) {
				if !yield(name) {
					return
				}
			}
		}
	}
}

func (s *set) names(kind secrets.Kind) iter.Seq[string] {
	all := maps.Keys(s.texts)
	if kind == secrets.KindConnection {
		all = maps.Keys(s.conns)
	}
	return func(yield func(string) bool) {
		for name := range all {
			if s.bad[name] == nil && !yield(name) {
				return
			}
		}
	}
}
