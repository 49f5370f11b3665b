package cache

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// table finds entries by key. Readers take no lock: they follow atomic pointers to entries that never change their key
// or value. It is split into shards, each of which grows by itself, so that no insertion ever copies more than one
// shard's pointers.
type table[V any] struct{ shards [shards]shard[V] }

const shards = 256

// shard is the part of the table whose keys share the top bits of their hash. The lock is for those who change it.
type shard[V any] struct {
	groups   atomic.Pointer[[]group[V]] // a power of two of them; nil: none yet
	mu       sync.Mutex
	count    int
	spills   int                    // full groups passed by insertions since the groups were made
	loadings map[string]*Loading[V] // the last one to begin of each key, until it ends or is void; nil: none
}

// group holds up to seven entries in one cache line. The low seven bytes of tags say which: zero is a free place, any
// other byte is seven bits of the hash of the entry there. The top bit of the last byte says that entries of this group
// may have gone to the next one.
type group[V any] struct {
	tags    atomic.Uint64
	entries [places]atomic.Pointer[entry[V]]
}

const (
	places  = 7
	spilled = 1 << 63
	ones    = 0x00_01_01_01_01_01_01_01
	highs   = 0x00_80_80_80_80_80_80_80
)

func (t *table[V]) shard(hash uint64) *shard[V] { return &t.shards[hash>>56] }

// tag is never zero, and shares no bit with the choice of shard or group.
func tag(hash uint64) uint64 { return hash>>48&0xff | 0x80 }

// match returns the places that may hold tag, as the high bits of their bytes. Now and then one does not, since the
// byte-wise comparison borrows; its key tells.
func match(tags, tag uint64) uint64 {
	x := (tags ^ ones*tag) &^ (0xff << 56)
	return (x - ones) &^ x & highs
}

// quickFind is find that looks no further than the home group of the key: where nearly every entry is.
func (s *shard[V]) quickFind(hash uint64, key string) *entry[V] {
	p := s.groups.Load()
	if p == nil {
		return nil
	}
	g := &(*p)[int(hash)&(len(*p)-1)]
	tags := g.tags.Load()
	for m := match(tags, tag(hash)); m != 0; m &= m - 1 {
		if e := g.entries[bits.TrailingZeros64(m)>>3&7].Load(); e != nil && e.key == key {
			return e
		}
	}
	return nil
}

// find returns the entry of key and where it is, or nil.
func (s *shard[V]) find(hash uint64, key string) (e *entry[V], g *group[V], place int) {
	p := s.groups.Load()
	if p == nil {
		return nil, nil, 0
	}
	groups := *p
	tag := tag(hash)
	for i := range groups {
		g = &groups[(int(hash)+i)&(len(groups)-1)]
		tags := g.tags.Load()
		for m := match(tags, tag); m != 0; m &= m - 1 {
			place = bits.TrailingZeros64(m) >> 3 & 7
			if e = g.entries[place].Load(); e != nil && e.key == key {
				return e, g, place
			}
		}
		if tags&spilled == 0 {
			break
		}
	}
	return nil, nil, 0
}

// put enters e in place of the entry with its key, and reports whether there was none. The lock is held.
func (s *shard[V]) put(hash uint64, e *entry[V], rehash func(key string) uint64) (added bool) {
	if old, g, place := s.find(hash, e.key); old != nil {
		g.entries[place].Store(e)
		return false
	}
	if s.full() {
		s.rebuild(rehash)
	}
	s.spills += insert(*s.groups.Load(), hash, e)
	s.count++
	return true
}

// full reports whether the groups are to be made anew: too many entries, or too many in other groups than their own,
// which only making them anew can undo.
func (s *shard[V]) full() bool {
	p := s.groups.Load()
	if p == nil {
		return true
	}
	n := len(*p)
	return s.count >= room(n) || s.spills > n
}

// room is how many entries n groups hold before there are to be more groups.
func room(n int) int {
	if n == 1 {
		return places
	}
	return n * 5
}

// rebuild makes groups for one entry more than there are. Readers go on in the old ones.
func (s *shard[V]) rebuild(rehash func(key string) uint64) {
	n := 1
	for room(n) < s.count+1 {
		n *= 2
	}
	groups := make([]group[V], n)
	s.spills = 0
	for e := range s.all {
		insert(groups, rehash(e.key), e)
	}
	s.groups.Store(&groups)
}

// insert enters e, whose key is not there, and returns how many full groups it passed. There is room.
func insert[V any](groups []group[V], hash uint64, e *entry[V]) (passed int) {
	for i := int(hash); ; i++ {
		g := &groups[i&(len(groups)-1)]
		tags := g.tags.Load()
		free := (tags&highs ^ highs) // every tag has its high bit set
		if free == 0 {
			g.tags.Store(tags | spilled)
			passed++
			continue
		}
		at := bits.TrailingZeros64(free) >> 3
		g.entries[at].Store(e)
		g.tags.Store(tags | tag(hash)<<(8*at)) // after the entry: who sees the tag finds it
		return passed
	}
}

// remove takes out e, unless another has taken its place, and reports whether it was there. The lock is held.
func (s *shard[V]) remove(hash uint64, e *entry[V]) bool {
	found, g, place := s.find(hash, e.key)
	if found != e {
		return false
	}
	g.tags.Store(g.tags.Load() &^ (0xff << (8 * place)))
	g.entries[place].Store(nil)
	s.count--
	return true
}

// all yields the entries. The lock is held.
func (s *shard[V]) all(yield func(*entry[V]) bool) {
	p := s.groups.Load()
	if p == nil {
		return
	}
	for i := range *p {
		for j := range places {
			if e := (*p)[i].entries[j].Load(); e != nil && !yield(e) {
				return
			}
		}
	}
}
