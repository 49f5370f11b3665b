package redact

// automaton finds every occurrence of its texts in one pass (Aho and Corasick, "Efficient string matching", 1975). It is
// never changed once built. The libraries that could be had take a second or two and hundreds of megabytes to build
// what this builds in the time of reading its texts a few times; see BenchmarkBuild.
type automaton struct {
	texts []string
	// The trie: the children of all nodes in one hash table, those of the root, where most of a log is read, in an array.
	root  [256]int32
	keys  []uint64 // node<<8 | byte, plus one; 0: free
	nodes []int32
	// For each node: the node of the longest proper suffix that is in the trie, the length of the longest text that ends
	// here (0: none), and the length of what was read to get here.
	fail    []int32
	longest []int32
	depth   []int32
}

func newAutomaton(texts []string) *automaton {
	total := 1
	for _, text := range texts {
		total += len(text)
	}
	size := 16
	for size < 2*total {
		size *= 2
	}
	a := &automaton{
		texts: texts,
		keys:  make([]uint64, size), nodes: make([]int32, size),
		longest: make([]int32, 1, total),
	}
	parent, char := make([]int32, 1, total), make([]byte, 1, total)
	for _, text := range texts {
		node := int32(0)
		for i := range len(text) {
			child := a.child(node, text[i])
			if child == 0 {
				child = int32(len(a.longest))
				a.longest, parent, char = append(a.longest, 0), append(parent, node), append(char, text[i])
				a.add(node, text[i], child)
			}
			node = child
		}
		a.longest[node] = int32(len(text))
	}
	a.link(parent, char)
	return a
}

// link finds the suffix of every node, level by level.
func (a *automaton) link(parent []int32, char []byte) {
	depth := make([]int32, len(parent))
	a.depth = depth
	deepest := int32(0)
	for node := 1; node < len(parent); node++ { // a parent has a lower number than its children
		depth[node] = depth[parent[node]] + 1
		deepest = max(deepest, depth[node])
	}
	start := make([]int32, deepest+2) // counting sort by depth
	for _, d := range depth {
		start[d+1]++
	}
	for d := range deepest + 1 {
		start[d+1] += start[d]
	}
	order := make([]int32, len(parent))
	for node, d := range depth {
		order[start[d]] = int32(node)
		start[d]++
	}
	a.fail = make([]int32, len(parent))
	for _, node := range order[1:] {
		if depth[node] > 1 {
			a.fail[node] = a.step(a.fail[parent[node]], char[node])
		}
		a.longest[node] = max(a.longest[node], a.longest[a.fail[node]])
	}
}

func (a *automaton) slot(key uint64) uint64 {
	return (key * 0x9E3779B97F4A7C15 >> 20) & uint64(len(a.keys)-1)
}

// child is the node below node for c; 0: none.
func (a *automaton) child(node int32, c byte) int32 {
	if node == 0 {
		return a.root[c]
	}
	key := uint64(node)<<8 | uint64(c) + 1
	for i := a.slot(key); a.keys[i] != 0; i = (i + 1) & uint64(len(a.keys)-1) {
		if a.keys[i] == key {
			return a.nodes[i]
		}
	}
	return 0
}

func (a *automaton) add(node int32, c byte, child int32) {
	if node == 0 {
		a.root[c] = child
		return
	}
	key := uint64(node)<<8 | uint64(c) + 1
	i := a.slot(key)
	for a.keys[i] != 0 {
		i = (i + 1) & uint64(len(a.keys)-1)
	}
	a.keys[i], a.nodes[i] = key, child
}

// step goes from node along c: to the longest suffix of what was read that begins some text.
func (a *automaton) step(node int32, c byte) int32 {
	for {
		if child := a.child(node, c); child != 0 || node == 0 {
			return child
		}
		node = a.fail[node]
	}
}

// find appends the spans of all texts that occur in text, overlapping ones joined, in order.
func (a *automaton) find(text string, spans []span) []span {
	node := int32(0)
	from := len(spans)
	for i := 0; i < len(text); i++ {
		if node = a.step(node, text[i]); node == 0 || a.longest[node] == 0 {
			continue
		}
		found := span{i + 1 - int(a.longest[node]), i + 1}
		for len(spans) > from && spans[len(spans)-1].end > found.start {
			found.start = min(found.start, spans[len(spans)-1].start)
			spans = spans[:len(spans)-1]
		}
		spans = append(spans, found)
	}
	return spans
}

// open returns how many bytes at the end of text may be the beginning of one of the texts.
func (a *automaton) open(text string) int {
	node := int32(0)
	for i := max(0, len(text)-maxText); i < len(text); i++ {
		node = a.step(node, text[i])
	}
	return int(a.depth[node])
}
