package ssm

import (
	"strings"

	"github.com/secretchain/secrets/backend"
)

func (o *Options) naming() backend.Naming {
	return backend.Naming{
		Connections: o.Connections, Variables: o.Variables, Config: o.Config,
		ConnectionsPattern: o.ConnectionsPattern, VariablesPattern: o.VariablesPattern, ConfigPattern: o.ConfigPattern,
		Join: join, Valid: valid, Scope: backend.TeamScope(o.Team, "--", nil),
	}
}

// join puts one slash at the beginning, whatever the prefix has there.
func join(prefix, separator, id string) string {
	prefix = strings.TrimRight(prefix, separator)
	if prefix != "" && !strings.HasPrefix(prefix, separator) {
		return separator + prefix + separator + id
	}
	return prefix + separator + id
}

// valid reports whether a parameter can have the name. What the service says about slashes in a row is left to it.
func valid(name string) bool {
	const longest, deepest = 1011, 15
	return len(name) <= longest && strings.Count(name, "/") <= deepest && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_' && r != '/'
	}) < 0
}
