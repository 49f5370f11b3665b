package vectors

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strconv"

	"github.com/secretchain/secrets"
)

// Fields returns a connection as the vectors write one, without its ID; blank fields and port 0 are left out.
func Fields(c secrets.Connection) map[string]any {
	fields := map[string]any{}
	put := func(name, value string) {
		if value != "" {
			fields[name] = value
		}
	}
	put("conn_type", c.Type)
	put("description", c.Description)
	put("host", c.Host)
	put("login", c.Login)
	put("password", c.Password.Reveal())
	put("schema", c.Schema)
	put("extra", c.Extra.Reveal())
	if c.Port != 0 {
		fields["port"] = json.Number(strconv.Itoa(c.Port))
	}
	return fields
}

// Differences names the fields in which c differs from a vector's fields, as [SameFields] compares them.
func Differences(c secrets.Connection, fields map[string]any) []string {
	return SameFields(Fields(c), fields)
}

// fieldNames are the fields of a connection that are compared. The id is the caller's, extra_dejson follows from extra.
var fieldNames = []string{"conn_type", "description", "host", "login", "password", "schema", "port", "extra"}

// SameFields names the fields in which two connections differ. Null, the empty text and port 0 are one thing; an extra is
// compared as the JSON in it, and as text where it is not JSON.
func SameFields(got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		return SameJSON(got, want)
	}
	var differ []string
	for _, name := range fieldNames {
		if !sameValue(field(g, name), field(w, name)) {
			differ = append(differ, name)
		}
	}
	return differ
}

// field returns a field's value to compare: nil for every way to say none.
func field(fields map[string]any, name string) any {
	value := fields[name]
	switch {
	case value == "", name == "port" && value == json.Number("0"):
		return nil
	case name == "extra":
		return parsedExtra(value)
	}
	return value
}

func parsedExtra(extra any) any {
	text, ok := extra.(string)
	if !ok {
		return extra
	}
	var value any
	if decode([]byte(text), &value) != nil {
		return extra
	}
	return value
}

// SameConnections names the ids under which two maps hold different connections, with the fields that differ.
// A connection and a list of one are the same; lists are compared in order.
func SameConnections(got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		return SameJSON(got, want)
	}
	var differ []string
	for _, id := range unionOfKeys(g, w) {
		gs, ws := asList(g[id]), asList(w[id])
		if len(gs) != len(ws) {
			differ = append(differ, id+": how many")
			continue
		}
		for i := range gs {
			for _, name := range SameFields(gs[i], ws[i]) {
				differ = append(differ, id+": "+name)
			}
		}
	}
	return differ
}

func asList(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// SameJSON names the keys whose values differ where both are objects, and otherwise says "value" when they differ.
// Integers are compared exactly, of any size; other numbers by value, so that 1.0 and 1 are the same.
func SameJSON(got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		if sameValue(got, want) {
			return nil
		}
		return []string{"value"}
	}
	var differ []string
	for _, key := range unionOfKeys(g, w) {
		gv, in1 := g[key]
		wv, in2 := w[key]
		if in1 != in2 || !sameValue(gv, wv) {
			differ = append(differ, key)
		}
	}
	return differ
}

func unionOfKeys(a, b map[string]any) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key := range a {
			other, in := b[key]
			if !in || !sameValue(a[key], other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameValue)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(string(a), string(b))
	}
	return reflect.DeepEqual(a, b)
}

// sameNumber compares two JSON numbers as Python reads them: integers exactly, all others as float64.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, isInt1 := new(big.Int).SetString(a, 10)
	y, isInt2 := new(big.Int).SetString(b, 10)
	if isInt1 && isInt2 {
		return x.Cmp(y) == 0
	}
	f, err1 := strconv.ParseFloat(a, 64)
	g, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && f == g
}
