package secretsmanager

import (
	"regexp"

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

var (
	validName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]{1,512}$`)
	validARN  = regexp.MustCompile(`^arn:aws[a-z0-9-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]{1,519}$`)
)

// valid reports whether a secret can have the name, or the ARN. A colon is part of nothing else: what stands after it in
// the ids of other programs chooses a version or a key, and must not do so here.
func valid(name string) bool { return validName.MatchString(name) || validARN.MatchString(name) }
