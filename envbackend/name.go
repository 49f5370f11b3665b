package envbackend

import (
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// teamSeparator stands between team and id; no team name can hold it (specification, lookup §8).
const teamSeparator = "___"

// prefix is that of one kind.
type prefix struct {
	text  string
	on    bool
	ready *readyNames
}

func newPrefix(p backend.Prefix, def string) prefix {
	text, on := p.Or(def).Text()
	return prefix{text, on, new(readyNames)}
}

func (b *Backend) prefix(kind secrets.Kind) *prefix {
	switch kind {
	case secrets.KindConnection:
		return &b.connections
	case secrets.KindVariable:
		return &b.variables
	case secrets.KindConfig:
		return &b.config
	}
	return new(prefix)
}

// StoreName answers the variable that is asked for first. The blank id is never asked for; where a kind is off, or the
// id refused, the name is blank.
func (b *Backend) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	p := b.prefix(kind)
	if !p.on || b.refuse(kind, id) != nil {
		return "", false
	}
	if b.team != "" && kind != secrets.KindConfig {
		return variable(p.text+b.team, id), id != ""
	}
	return variable(p.text, id), id != ""
}

// refuse refuses an id that could spell a team's name.
func (b *Backend) refuse(kind secrets.Kind, id string) error {
	if b.scope == nil {
		return nil
	}
	_, err := b.scope(kind, id)
	return err
}

// shellName replaces what is no letter, digit or _ of ASCII.
func shellName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, name)
}
