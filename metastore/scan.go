package metastore

import (
	"strconv"
	"unicode/utf8"
)

// The types here take whatever a driver hands out for a column. They never fail a row: what cannot be used is marked, so
// that the error can name the field, and so that no error of database/sql, which quotes values, is ever made.

// text is a text column; NULL is blank with null set.
type text struct {
	string
	null, bad bool
	bytes     bool // the driver hands it out as bytes
}

// stored is the text as a parameter that equals it: to SQLite a text and the same bytes are two values.
func (t text) stored() any {
	if t.bytes {
		return []byte(t.string)
	}
	return t.string
}

func (t *text) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*t = text{null: true}
	case string:
		*t = text{string: v, bad: !utf8.ValidString(v)}
	case []byte:
		*t = text{string: string(v), bad: !utf8.Valid(v), bytes: true}
	default: // SQLite stores anything in any column
		*t = text{bad: true}
	}
	return nil
}

// flag is a boolean column of any generation; NULL is false.
type flag struct{ set, bad bool }

func (f *flag) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*f = flag{}
	case bool:
		*f = flag{set: v}
	case int64:
		*f = flag{set: v != 0}
	case []byte:
		*f = parseFlag(string(v))
	case string:
		*f = parseFlag(v)
	default:
		*f = flag{bad: true}
	}
	return nil
}

func parseFlag(s string) flag {
	switch s {
	case "0", "\x00", "f", "false":
		return flag{}
	case "1", "\x01", "t", "true":
		return flag{set: true}
	}
	return flag{bad: true}
}

// number is an integer column; NULL is 0.
type number struct {
	n   int
	bad bool
}

func (n *number) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*n = number{}
	case int64:
		*n = number{n: int(v)}
	case []byte:
		*n = parseNumber(string(v))
	case string:
		*n = parseNumber(v)
	default:
		*n = number{bad: true}
	}
	return nil
}

func parseNumber(s string) number {
	n, err := strconv.Atoi(s)
	return number{n: n, bad: err != nil}
}
