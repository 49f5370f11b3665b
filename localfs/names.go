package localfs

import "iter"

// names are those that can be used.
func (v version) names() iter.Seq[string] {
	if v.dir == nil {
		return v.file.names()
	}
	return func(yield func(string) bool) {
		for name := range v.dir {
			s, err := v.holding(name)
			if err != nil || s == nil {
				continue
			}
			for name := range s.names() {
				if !yield(name) {
					return
				}
			}
		}
	}
}

func (s *set) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range s.texts {
			if s.bad[name] == nil && !yield(name) {
				return
			}
		}
	}
}
