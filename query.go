package secrets

import (
	"bytes"
	"strings"
)

// extraCarrier is the name in a query whose value is the whole extra.
const extraCarrier = "__extra__"

// queryPair is one name=value of a query, as it is written there.
type queryPair struct{ name, value string }

// extraFromQuery is §3.6: the extra that a query stands for. It fails where the value of __extra__ is not a JSON object.
func extraFromQuery(query string) (extra string, ok bool) {
	if query == "" {
		return "", true
	}
	var few [smallQuery]queryPair
	pairs := appendQueryPairs(few[:0], query)
	if i := findPair(pairs, extraCarrier); i >= 0 {
		carried := queryUnquote(pairs[i].value)
		if isBlankJSON(carried) {
			return "", true
		}
		return carried, isJSONObject(carried)
	}
	var text [512]byte
	var scratch [256]byte
	out := append(text[:0], '{')
	for i, p := range pairs {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = appendJSONString(out, appendUnquoted(scratch[:0], p.name, ' '))
		out = append(out, ": "...)
		out = appendJSONString(out, appendUnquoted(scratch[:0], p.value, ' '))
	}
	return string(append(out, '}')), true
}

// smallQuery is how many pairs are compared with each other rather than kept in a map.
const smallQuery = 16

// appendQueryPairs is steps 3 and 4: the pairs of a query, each name at its first place with its last value.
func appendQueryPairs(pairs []queryPair, query string) []queryPair {
	var index map[string]int // by decoded name, once there are many
	for more := true; more; {
		var piece string
		piece, query, more = strings.Cut(query, "&")
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		if len(pairs) == smallQuery && index == nil {
			index = make(map[string]int, 2*smallQuery)
			for i, p := range pairs {
				index[queryUnquote(p.name)] = i
			}
		}
		i := -1
		if index == nil {
			i = findPair(pairs, name)
		} else if at, in := index[queryUnquote(name)]; in {
			i = at
		}
		if i >= 0 {
			pairs[i].value = value
			continue
		}
		if index != nil {
			index[queryUnquote(name)] = len(pairs)
		}
		pairs = append(pairs, queryPair{name, value})
	}
	return pairs
}

// findPair returns the place of the pair with the same decoded name, or -1.
func findPair(pairs []queryPair, name string) int {
	for i, p := range pairs {
		if sameQueryText(p.name, name) {
			return i
		}
	}
	return -1
}

func sameQueryText(a, b string) bool {
	if a == b || !isQueryEscaped(a) && !isQueryEscaped(b) {
		return a == b
	}
	var x, y [128]byte
	return bytes.Equal(appendUnquoted(x[:0], a, ' '), appendUnquoted(y[:0], b, ' '))
}

func isQueryEscaped(s string) bool {
	for i := range len(s) {
		if s[i] == '%' || s[i] == '+' {
			return true
		}
	}
	return false
}

func queryUnquote(s string) string {
	if !isQueryEscaped(s) {
		return s
	}
	var scratch [128]byte
	return string(appendUnquoted(scratch[:0], s, ' '))
}
