package localfs

import (
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/secretchain/secrets/internal/jsontext"
)

// readYAML reads one mapping: name → value. The parser makes a tree of nodes, in time linear in the text; making maps of
// it is done here, because the parser's own way compares every key with every other.
func readYAML(text string, b *builder) {
	// However the parser fails, its words stay here: they may quote the file.
	defer func() {
		if recover() != nil {
			b.broke(0, "not YAML that can be read")
		}
	}()
	var document, second yaml.Node
	parser := yaml.NewDecoder(strings.NewReader(text))
	if err := parser.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		b.broke(yamlMistake(err, text))
		return
	}
	if len(document.Content) == 0 || document.Content[0].Tag == "!!null" && document.Content[0].Value == "" {
		b.broke(1, "the file is empty: an empty collection is written {}")
		return
	}
	switch err := parser.Decode(&second); {
	case err == nil:
		b.broke(second.Line, "a second document: a file has one")
		return
	case !errors.Is(err, io.EOF):
		b.broke(yamlMistake(err, text))
		return
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.TaggedStyle != 0 && root.Tag != "!!map" {
		b.broke(root.Line, "the file should contain a mapping: name: value")
		return
	}
	b.expect(len(root.Content) / 2)
	r := yamlReader{left: 10*len(text) + 1<<20}
	members, problem := r.members(root, 0, false)
	if problem != nil {
		b.broke(problem.line, problem.reason)
		return
	}
	var buffer []byte
	for _, m := range members {
		e := entry{key: m.key, line: m.at.Line}
		value := resolveAlias(m.value)
		var problem *mistake
		if value.Kind == yaml.ScalarNode {
			e.text, e.json, problem = scalar(value)
			r.left -= len(e.text)
		} else {
			e.json = true
			buffer, problem = r.appendJSON(buffer[:0], value, 1)
			e.text = string(buffer)
		}
		switch {
		case r.left < 0:
			b.broke(e.line, "aliases make the file many times larger than it is")
			return
		case problem != nil:
			b.spoil(e.key, problem.line, problem.reason)
		default:
			b.add(e)
		}
	}
}

// yamlReader turns nodes into JSON.
type yamlReader struct {
	left int // how much may still be written, which bounds what aliases can do
}

// member is one pair of a mapping.
type member struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

// members returns the pairs of a mapping, those that << merges into it included: before its own, which go over them.
// With unique a repeated key is a mistake.
func (r *yamlReader) members(n *yaml.Node, depth int, unique bool) ([]member, *mistake) {
	own := make([]member, 0, len(n.Content)/2)
	var merged []member
	var seen map[string]bool
	if unique {
		seen = make(map[string]bool, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at, value := n.Content[i], n.Content[i+1]
		key := resolveAlias(at)
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, &mistake{at.Line, "a key is no text"}
		case key.Tag == "!!merge":
			more, problem := r.merge(value, depth)
			if problem != nil {
				return nil, problem
			}
			merged = append(merged, more...)
			continue
		case seen[key.Value]:
			return nil, &mistake{at.Line, "a key is repeated"}
		case unique:
			seen[key.Value] = true
		}
		own = append(own, member{key.Value, at, value})
	}
	if len(merged) == 0 {
		return own, nil
	}
	taken := make(map[string]bool, len(own)+len(merged))
	for _, m := range own {
		taken[m.key] = true
	}
	all := make([]member, 0, len(own)+len(merged))
	for _, m := range merged {
		if !taken[m.key] {
			taken[m.key] = true
			all = append(all, m)
		}
	}
	return append(all, own...), nil
}

// merge returns the pairs that a << brings in: of a mapping, or of a list of mappings, of which the first goes over the next.
func (r *yamlReader) merge(value *yaml.Node, depth int) ([]member, *mistake) {
	n := resolveAlias(value)
	switch {
	case n.Kind == yaml.MappingNode && depth < jsontext.MaxDepth:
		members, problem := r.members(n, depth+1, true)
		if r.left -= len(members) + 1; r.left < 0 {
			return nil, nil // the caller sees
		}
		return members, problem
	case n.Kind == yaml.SequenceNode && depth < jsontext.MaxDepth:
		var all []member
		for _, one := range n.Content {
			if resolveAlias(one).Kind != yaml.MappingNode || r.left < 0 {
				return nil, &mistake{value.Line, "<< can merge mappings only"}
			}
			more, problem := r.merge(one, depth+1)
			if problem != nil {
				return nil, problem
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, &mistake{value.Line, "<< can merge mappings only"}
}

// appendJSON writes the JSON of a node; depth is how many are around it.
func (r *yamlReader) appendJSON(dst []byte, n *yaml.Node, depth int) ([]byte, *mistake) {
	n = resolveAlias(n)
	begin := len(dst)
	switch {
	case depth >= jsontext.MaxDepth:
		return dst, &mistake{n.Line, "nested too deep"}
	case r.left < 0:
		return dst, &mistake{n.Line, "too large"}
	case n.Kind == yaml.ScalarNode:
		text, isJSON, problem := scalar(n)
		if problem != nil {
			return dst, problem
		}
		if isJSON {
			dst = append(dst, text...)
		} else {
			dst = jsontext.AppendQuoted(dst, text)
		}
		r.left -= len(dst) - begin
		return dst, nil
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!map" && n.Tag != "!!seq":
		return dst, &mistake{n.Line, unknownTag}
	case n.Kind == yaml.SequenceNode:
		dst = append(dst, '[')
		for i, element := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			var problem *mistake
			if dst, problem = r.appendJSON(dst, element, depth+1); problem != nil {
				return dst, problem
			}
		}
		r.left -= 2
		return append(dst, ']'), nil
	}
	members, problem := r.members(n, depth, true)
	if problem != nil {
		return dst, problem
	}
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendQuoted(dst, m.key), ':')
		r.left -= len(m.key) + 3
		if dst, problem = r.appendJSON(dst, m.value, depth+1); problem != nil {
			return dst, problem
		}
	}
	r.left -= 2
	return append(dst, '}'), nil
}

// resolveAlias returns what n stands for. An alias is never of an alias.
func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
