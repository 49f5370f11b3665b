package backend

import (
	"encoding/json"
	"fmt"
)

// Prefix says where the names of one kind live in a store. The zero Prefix is the store's default.
type Prefix struct {
	mode prefixMode
	text string
}

type prefixMode uint8

const (
	prefixDefault prefixMode = iota
	prefixAt
	prefixOff
)

// At places names under prefix, followed by the store's separator and the id. With a blank prefix the name is the id
// alone, where the store allows it.
func At(prefix string) Prefix { return Prefix{mode: prefixAt, text: prefix} }

// Off switches a kind off: it is never looked up, and every name is not found without a call to the store.
var Off = Prefix{mode: prefixOff}

// Or returns p, or At(def) if p is the zero Prefix: how a store puts its defaults in.
func (p Prefix) Or(def string) Prefix {
	if p.mode == prefixDefault {
		return At(def)
	}
	return p
}

// Text returns the prefix and whether the kind is looked up at all. The zero Prefix answers "" and true.
func (p Prefix) Text() (prefix string, on bool) { return p.text, p.mode != prefixOff }

// IsZero reports whether p is the store's default.
func (p Prefix) IsZero() bool { return p.mode == prefixDefault }

// String returns the prefix in quotes, "off" or "default".
func (p Prefix) String() string {
	switch p.mode {
	case prefixAt:
		return fmt.Sprintf("%q", p.text)
	case prefixOff:
		return "off"
	}
	return "default"
}

// UnmarshalJSON reads Airflow's form: null is Off, a string is At; an absent argument leaves the default.
func (p *Prefix) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*p = Off
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return argumentError("must be a string, or null to switch the kind off")
	}
	*p = At(text)
	return nil
}
