package backend

import (
	"slices"
	"strings"

	"github.com/secretchain/secrets"
)

// Naming turns the name a caller asks for into the name a store is asked for. The zero Naming is usable: names such as
// airflow/connections/my_db.
type Naming struct {
	// Connections, Variables and Config are the prefixes of the three kinds.
	// Zero: airflow/connections, airflow/variables and airflow/config.
	Connections, Variables, Config Prefix
	// ConnectionsPattern, VariablesPattern and ConfigPattern limit which ids are looked up. Zero: every id.
	ConnectionsPattern, VariablesPattern, ConfigPattern Pattern
	// Separator stands between prefix and id. "": "/".
	Separator string
	// Join puts prefix, separator and id together. Nil: Join of this package.
	Join func(prefix, separator, id string) string
	// Rewrite is the store's own change to the whole name. Nil: none.
	Rewrite func(name string) string
	// Valid reports whether the store can hold the name. Names it cannot hold are not found, without a call.
	// Nil: every name.
	Valid func(name string) bool
	// Scope lists the ids to look up for id, in order, the first that is found wins; it refuses an id with an error
	// of class ErrDenied. Nil: the id alone. TeamScope makes one.
	Scope func(kind secrets.Kind, id string) ([]string, error)
	// Full is what StoreName and errors tell in place of a name, where the store's calls take a part of the full name.
	// Nil: the name itself.
	Full func(name string) string
}

// Join is prefix, separator and id with the prefix's trailing separators dropped; a prefix that is then blank gives the
// id alone. As in Airflow, a separator of several characters is dropped as a set of characters (specification, backends §13).
func Join(prefix, separator, id string) string {
	prefix = strings.TrimRight(prefix, separator)
	if prefix == "" {
		return id
	}
	return prefix + separator + id
}

// StoreName answers the full name under which the store would be asked first. Where the store could not hold that name it
// still tells the name, with ok false, and so it does for the blank id, which is never asked for; where the kind is off
// or the id excluded the name is blank.
func (n *Naming) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	name, ok = n.first(kind, id)
	return n.full(name), ok
}

func (n *Naming) first(kind secrets.Kind, id string) (name string, ok bool) {
	if id == "" {
		name, _ = n.build(kind, id)
		return name, false
	}
	if n.excluded(kind, id) {
		return "", false
	}
	if n.Scope == nil {
		return n.name(kind, id)
	}
	ids, err := n.Scope(kind, id)
	if err != nil || len(ids) == 0 {
		return "", false
	}
	return n.name(kind, ids[0])
}

// full is the name that people are told.
func (n *Naming) full(name string) string {
	if name == "" || n.Full == nil {
		return name
	}
	return n.Full(name)
}

// Names lists the names under which the store is to be asked for id, in order; none means not found without a call.
// The error is the refusal of Scope.
func (n *Naming) Names(kind secrets.Kind, id string) ([]string, error) {
	if n.excluded(kind, id) {
		return nil, nil
	}
	if n.Scope == nil {
		if name, ok := n.name(kind, id); ok {
			return []string{name}, nil
		}
		return nil, nil
	}
	ids, err := n.Scope(kind, id)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		if name, ok := n.name(kind, id); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// ID is the way back, for listing: the id for which the store is asked for name, if it is one of kind. Where Rewrite loses
// letters, the id is in its rewritten form. With Scope the names of the service's own team and those that all share have
// an id, and those of other teams have none.
func (n *Naming) ID(kind secrets.Kind, name string) (id string, ok bool) {
	head, on := n.Head(kind)
	if !on {
		return "", false
	}
	id, ok = strings.CutPrefix(name, head)
	if !ok || id == "" {
		return "", false
	}
	if n.Scope == nil {
		return id, n.pattern(kind).Match(id)
	}
	scoped, _ := n.Scope(kind, checkID) // tells what it puts before an id
	for _, s := range append(slices.Clip(scoped), checkID) {
		before, isBefore := strings.CutSuffix(s, checkID)
		own, has := strings.CutPrefix(id, before)
		if !isBefore || !has {
			continue
		}
		if asked, err := n.Names(kind, own); err == nil && slices.Contains(asked, name) {
			return own, true
		}
	}
	return "", false
}

// Head returns what every name of kind begins with, and whether the kind is looked up at all.
func (n *Naming) Head(kind secrets.Kind) (head string, on bool) { return n.build(kind, "") }

// excluded reports whether id is never looked up: blank, of a kind that is off, or not matched by the kind's pattern.
func (n *Naming) excluded(kind secrets.Kind, id string) bool {
	_, on := n.prefix(kind).Text()
	return !on || id == "" || !n.pattern(kind).Match(id)
}

func (n *Naming) name(kind secrets.Kind, id string) (string, bool) {
	name, on := n.build(kind, id)
	return name, on && (n.Valid == nil || n.Valid(name))
}

func (n *Naming) build(kind secrets.Kind, id string) (string, bool) {
	prefix, on := n.prefix(kind).Text()
	if !on {
		return "", false
	}
	join, separator := n.Join, n.Separator
	if join == nil {
		join = Join
	}
	if separator == "" {
		separator = "/"
	}
	name := join(prefix, separator, id)
	if n.Rewrite != nil {
		name = n.Rewrite(name)
	}
	return name, true
}

func (n *Naming) prefix(kind secrets.Kind) Prefix {
	switch kind {
	case secrets.KindConnection:
		return n.Connections.Or("airflow/connections")
	case secrets.KindVariable:
		return n.Variables.Or("airflow/variables")
	case secrets.KindConfig:
		return n.Config.Or("airflow/config")
	}
	return Off
}

func (n *Naming) pattern(kind secrets.Kind) Pattern {
	switch kind {
	case secrets.KindConnection:
		return n.ConnectionsPattern
	case secrets.KindVariable:
		return n.VariablesPattern
	}
	return n.ConfigPattern
}
