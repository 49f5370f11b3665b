package secrets

import "bytes"

// extraCarrier is the name in a query whose value is the whole extra.
const extraCarrier = "__extra__"

// queryText is a name or value of a query, as it is written there.
type queryText struct {
	raw     string
	escaped bool // holds % or +
}

func newQueryText(raw string) queryText {
	for i := range len(raw) {
		if raw[i] == '%' || raw[i] == '+' {
			return queryText{raw, true}
		}
	}
	return queryText{raw, false}
}

// decoded returns the text that is meant.
func (t queryText) decoded() string {
	if !t.escaped {
		return t.raw
	}
	var scratch [128]byte
	return string(appendUnquoted(scratch[:0], t.raw, ' '))
}

// appendJSON appends the decoded text as JSON.
func (t queryText) appendJSON(dst []byte) []byte {
	if !t.escaped {
		return appendJSONString(dst, t.raw)
	}
	var scratch [128]byte
	return appendJSONString(dst, appendUnquoted(scratch[:0], t.raw, ' '))
}

// same reports whether t and o are the same decoded text.
func (t queryText) same(o queryText) bool {
	if t.raw == o.raw || !t.escaped && !o.escaped {
		return t.raw == o.raw
	}
	var x, y [128]byte
	return bytes.Equal(appendUnquoted(x[:0], t.raw, ' '), appendUnquoted(y[:0], o.raw, ' '))
}

// carriedExtra returns what the last __extra__ of a query carries.
func carriedExtra(query string) (extra string, found bool) {
	var carrier queryText
	for query != "" {
		var piece string
		piece, query = cutByte(query, '&')
		name, value := cutByte(piece, '=')
		if len(name) >= len(extraCarrier) && newQueryText(name).same(queryText{raw: extraCarrier}) {
			carrier, found = newQueryText(value), true
		}
	}
	return carrier.decoded(), found
}

// extraOfQuery is §3.6 for a query without __extra__: the JSON object of its names and values.
func extraOfQuery(query string, of extraType) string {
	var few [smallQuery]queryPair
	pairs := appendQueryPairs(few[:0], query)
	var text [512]byte
	out := append(text[:0], '{')
	for i, p := range pairs {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = p.name.appendJSON(out)
		out = append(out, ": "...)
		value := newQueryText(p.value)
		if of == typedExtra {
			if json, ok := typedValue(value.decoded()); ok {
				out = append(out, json...)
				continue
			}
		}
		out = value.appendJSON(out)
	}
	return string(append(out, '}'))
}

// queryPair is one name=value of a query.
type queryPair struct {
	name  queryText
	value string // as it is written
}

// smallQuery is how many pieces of a query are compared with each other, which decodes the names again and again. The names
// of further pieces are looked up in a map: each is decoded once, so that time stays linear.
const smallQuery = 16

// appendQueryPairs is steps 3 and 4: the pairs of a query, each name at its first place with its last value.
func appendQueryPairs(pairs []queryPair, query string) []queryPair {
	var index map[string]int // by decoded name, once there are many pieces
	for pieces := 0; query != ""; pieces++ {
		var piece string
		if piece, query = cutByte(query, '&'); piece == "" {
			continue
		}
		rawName, value := cutByte(piece, '=')
		name := newQueryText(rawName)
		if pieces >= smallQuery && index == nil {
			index = make(map[string]int, 2*smallQuery)
			for i, p := range pairs {
				index[p.name.decoded()] = i
			}
		}
		if index == nil {
			if i := findPair(pairs, name); i >= 0 {
				pairs[i].value = value
				continue
			}
		} else {
			text := name.decoded()
			if i, in := index[text]; in {
				pairs[i].value = value
				continue
			}
			index[text] = len(pairs)
		}
		pairs = append(pairs, queryPair{name, value})
	}
	return pairs
}

// findPair returns the place of the pair of that name, or -1.
func findPair(pairs []queryPair, name queryText) int {
	for i := range pairs {
		if pairs[i].name.same(name) {
			return i
		}
	}
	return -1
}
