package azurekv

import (
	"strings"

	"github.com/secretchain/secrets/backend"
)

// teamSeparator stands between team and id.
const teamSeparator = "--"

// maxName is the greatest length of a secret's name.
const maxName = 127

func (o *Options) naming() backend.Naming {
	separator := o.separator()
	rewrite := func(name string) string { return strings.ReplaceAll(name, "_", separator) }
	return backend.Naming{
		Connections:        o.Connections.Or("airflow-connections"),
		Variables:          o.Variables.Or("airflow-variables"),
		Config:             o.Config.Or("airflow-config"),
		ConnectionsPattern: o.ConnectionsPattern,
		VariablesPattern:   o.VariablesPattern,
		ConfigPattern:      o.ConfigPattern,
		Join:               func(prefix, _, id string) string { return backend.Join(prefix, separator, id) },
		Rewrite:            rewrite,
		Valid:              validName,
		Scope:              backend.TeamScope(o.Team, teamSeparator, rewrite),
	}
}

// validName reports whether a secret can have the name.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
