package cache

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestShardModel holds a shard against a map over random insertions, replacements and removals, with hashes so poor that
// groups fill up, spill and share tags.
func TestShardModel(t *testing.T) {
	hashes := map[string]func(n int) uint64{
		"all alike":        func(int) uint64 { return 0 },
		"all of one group": func(n int) uint64 { return uint64(n) << 48 },
		"all of one tag":   func(n int) uint64 { return uint64(n) },
		"negative as int":  func(n int) uint64 { return ^uint64(n * 0x9e3779b1) },
	}
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := new(shard[int])
				rehash := func(key string) uint64 {
					var n int
					_, err := fmt.Sscan(key, &n)
					require.NoError(t, err)
					return hash(n)
				}
				model := map[string]*entry[int]{}
				for range rapid.IntRange(0, 150).Draw(t, "steps") {
					n := rapid.IntRange(0, 99).Draw(t, "n")
					key := fmt.Sprint(n)
					if rapid.IntRange(0, 2).Draw(t, "action") > 0 {
						e := &entry[int]{key: key}
						require.Equal(t, model[key] == nil, s.put(hash(n), e, rehash))
						model[key] = e
					} else {
						require.False(t, s.remove(hash(n), &entry[int]{key: key}), "another entry of the same key")
						if e := model[key]; e != nil {
							require.True(t, s.remove(hash(n), e))
						}
						delete(model, key)
					}
					require.Equal(t, len(model), s.count)
				}
				for n := range 100 {
					e, _, _ := s.find(hash(n), fmt.Sprint(n))
					require.Same(t, model[fmt.Sprint(n)], e, "key %d", n)
				}
				for e := range s.all {
					require.Same(t, model[e.key], e)
					delete(model, e.key)
				}
				require.Empty(t, model)
			})
		})
	}
}

// A group is a cache line, and an insertion copies no more than the pointers of one shard.
func TestTableShape(t *testing.T) {
	assert.EqualValues(t, 64, unsafe.Sizeof(group[string]{}))
	assert.EqualValues(t, 64, unsafe.Sizeof(stripe{}))
	assert.EqualValues(t, 80, unsafe.Sizeof(entry[[3]uintptr]{}), "an entry with a text and a pointer")
}

func TestShardStaysQuickUnderChurn(t *testing.T) {
	s := new(shard[int])
	rehash := func(key string) (h uint64) {
		for _, b := range []byte(key) {
			h = (h ^ uint64(b)) * 0x100000001b3
		}
		return h
	}
	var kept []*entry[int]
	for i := range 100_000 {
		e := &entry[int]{key: fmt.Sprint(i)}
		s.put(rehash(e.key), e, rehash)
		if kept = append(kept, e); len(kept) > 100 {
			s.remove(rehash(kept[0].key), kept[0])
			kept = kept[1:]
		}
	}
	groups := *s.groups.Load()
	full := 0
	for i := range groups {
		if groups[i].tags.Load()&spilled != 0 {
			full++
		}
	}
	assert.LessOrEqual(t, len(groups), 32)
	assert.LessOrEqual(t, full, 3*len(groups)/4, "groups that a search goes past")
}
