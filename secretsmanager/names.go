package secretsmanager

import (
	"regexp"
	"strings"

	"github.com/secretchain/secrets/backend"
)

func (o *Options) naming() backend.Naming {
	separator := "/"
	if o.Separator != nil {
		separator = *o.Separator
	}
	return backend.Naming{
		Connections: o.Connections, Variables: o.Variables, Config: o.Config,
		ConnectionsPattern: o.ConnectionsPattern, VariablesPattern: o.VariablesPattern, ConfigPattern: o.ConfigPattern,
		Separator: separator,
		// The separator may be blank, which Naming takes for its default.
		Join:  func(prefix, _, id string) string { return backend.Join(prefix, separator, id) },
		Valid: valid, Scope: backend.TeamScope(o.Team, "--", nil),
	}
}

// valid reports whether a secret can have the name, or the ARN. A colon is part of nothing else: what stands after it in
// the ids of other programs chooses a version or a key, and must not do so here.
func valid(name string) bool { return validName(name) || validARN.MatchString(name) }

func validName(name string) bool {
	const longest = 512
	return name != "" && len(name) <= longest && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("/_+=.@!-", r)
	}) < 0
}

var validARN = regexp.MustCompile(`^arn:aws[a-z0-9-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]{1,519}$`)
