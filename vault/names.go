package vault

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// naming makes names of the form mount/path.
func (o *Options) naming() backend.Naming {
	n := backend.Naming{
		Connections:        o.Connections.Or("connections"),
		Variables:          o.Variables.Or("variables"),
		Config:             o.Config.Or("config"),
		ConnectionsPattern: o.ConnectionsPattern,
		VariablesPattern:   o.VariablesPattern,
		ConfigPattern:      o.ConfigPattern,
		Scope:              o.scope(),
	}
	prefixes := []*backend.Prefix{&n.Connections, &n.Variables, &n.Config}
	var heads []string
	for _, p := range prefixes {
		if text, on := p.Text(); on {
			heads = append(heads, backend.Join(text, "/", ""))
		}
	}
	n.Valid = func(name string) bool {
		mount, path := o.split(name)
		// Version 1 takes two dots anywhere for a way to the parent folder, and fails.
		return validPath(mount) && validPath(withoutHead(path, heads)) && (o.kvVersion() == 2 || !strings.Contains(path, ".."))
	}
	if o.MountFromID {
		n.Join = joinWithMount
		return n
	}
	for _, p := range prefixes { // once, rather than at every lookup
		if text, on := p.Text(); on {
			*p = backend.At(o.mount() + "/" + text)
		}
	}
	return n
}

// joinWithMount takes the mount from the front of the id.
func joinWithMount(prefix, separator, id string) string {
	mount, rest, _ := strings.Cut(id, "/")
	return mount + "/" + backend.Join(prefix, separator, rest)
}

// split takes a store name apart.
func (o *Options) split(name string) (mount, path string) {
	if o.MountFromID {
		mount, path, _ = strings.Cut(name, "/")
		return mount, path
	}
	mount = o.mount()
	return mount, name[len(mount)+1:]
}

// withoutHead cuts off what the options put before the id. Slashes in it are theirs: they may be doubled, as in Airflow.
func withoutHead(path string, heads []string) string {
	longest := 0
	for _, head := range heads {
		if strings.HasPrefix(path, head) {
			longest = max(longest, len(head))
		}
	}
	return path[longest:]
}

// validPath reports whether Vault can hold the path: parts that are neither blank nor dots, of characters that print.
func validPath(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return utf8.ValidString(path) && strings.IndexFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// scope is the ids to look up for an id. Nil: the id alone.
func (o *Options) scope() func(secrets.Kind, string) ([]string, error) {
	fromID, teams := o.MountFromID, o.Teams
	if !fromID && !teams.on() {
		return nil
	}
	return func(kind secrets.Kind, id string) ([]string, error) {
		mount, rest := "", id
		if fromID {
			before, after, ok := strings.Cut(id, "/")
			if !ok || before == "" {
				return nil, nil // there is nowhere to ask
			}
			mount, rest = before+"/", after
		}
		if kind == secrets.KindConfig || !teams.on() {
			return []string{id}, nil
		}
		if teams.SharedPath == "" && strings.Contains(rest, "/") {
			return nil, &secrets.Error{Op: "get", Kind: kind, ID: id, Err: fmt.Errorf(
				"%w: with teams an id may not hold a slash, which stands between team and id, unless shared secrets have a path of their own", secrets.ErrDenied)}
		}
		var ids []string
		if teams.Team != "" && !teams.NoTeamPath {
			ids = append(ids, mount+teams.Team+"/"+rest)
		}
		if teams.SharedPath != "" {
			rest = teams.SharedPath + "/" + rest
		}
		return append(ids, mount+rest), nil
	}
}
