package backend

import (
	"encoding/json"
	"regexp"
)

// Pattern limits a kind to the ids that match it, so that a store is not asked (and billed) for others. The zero
// Pattern matches every id. As in Airflow it is held against the start of the id, letter case is ignored, and nothing
// ties it to the end (specification, backends §4); the syntax is that of [regexp].
type Pattern struct{ re *regexp.Regexp }

// NewPattern compiles expr. Blank is the zero Pattern. The error does not quote expr.
func NewPattern(expr string) (Pattern, error) {
	if expr == "" {
		return Pattern{}, nil
	}
	// Alone first: a)|(b is no expression, though it is one within the parentheses that hold it at the start.
	_, err := regexp.Compile(expr)
	var re *regexp.Regexp
	if err == nil {
		re, err = regexp.Compile("(?i)^(?:" + expr + ")")
	}
	if err != nil {
		return Pattern{}, argumentError("is not a regular expression that Go can compile (RE2 has no look-around and no back-references)")
	}
	return Pattern{re: re}, nil
}

// Match reports whether id may be looked up.
func (p Pattern) Match(id string) bool { return p.re == nil || p.re.MatchString(id) }

// UnmarshalJSON reads Airflow's form: a string, or null for every id.
func (p *Pattern) UnmarshalJSON(data []byte) error {
	var text *string
	if json.Unmarshal(data, &text) != nil {
		return argumentError("must be a string or null")
	}
	if text == nil {
		*p = Pattern{}
		return nil
	}
	q, err := NewPattern(*text)
	if err == nil {
		*p = q
	}
	return err
}
