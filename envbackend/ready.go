package envbackend

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// readyNames remembers the names of variables that were found, since making one anew costs as much as looking it up.
// It is filled once and never grows: whoever comes later to a place that is taken does without.
type readyNames [1024]atomic.Pointer[readyName]

type readyName struct{ id, name string }

var seed = maphash.MakeSeed()

func (r *readyNames) place(id string) *atomic.Pointer[readyName] {
	return &r[maphash.String(seed, id)%uint64(len(r))]
}

func (r *readyNames) name(id string) (name string, ok bool) {
	if known := r.place(id).Load(); known != nil && known.id == id {
		return known.name, true
	}
	return "", false
}

// keep remembers the name of an id that is not overlong.
func (r *readyNames) keep(id, name string) {
	if place := r.place(id); len(id) <= 128 && place.Load() == nil {
		place.CompareAndSwap(nil, &readyName{strings.Clone(id), name})
	}
}
