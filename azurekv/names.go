package azurekv

import (
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// teamSeparator stands between team and id.
const teamSeparator = "--"

// probe is the id that Check asks for. Whether it exists does not matter.
const probe = "secretchain-check"

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

// probeName is the secret that Check asks for: one of the first kind that is looked up.
func probeName(names *backend.Naming) string {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable, secrets.KindConfig} {
		if head, on := names.Head(kind); on && validName(head+probe) {
			return head + probe
		}
	}
	return probe
}
