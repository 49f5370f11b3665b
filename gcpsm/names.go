package gcpsm

import (
	"context"
	"log/slog"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// teamSeparator stands between team and id.
const teamSeparator = "--"

// maxName is the greatest length of a secret's name.
const maxName = 255

func (o *Options) connections() backend.Prefix { return o.Connections.Or("airflow-connections") }

func (o *Options) naming() backend.Naming {
	separator := o.separator()
	return backend.Naming{
		Connections:        o.connections(),
		Variables:          o.Variables.Or("airflow-variables"),
		Config:             o.Config.Or("airflow-config"),
		ConnectionsPattern: o.ConnectionsPattern,
		VariablesPattern:   o.VariablesPattern,
		ConfigPattern:      o.ConfigPattern,
		Join:               func(prefix, _, id string) string { return prefix + separator + id },
		Valid:              validName,
		Scope:              backend.TeamScope(o.Team, teamSeparator, nil),
	}
}

// validName reports whether a secret can have the name.
func validName(name string) bool { return name != "" && len(name) <= maxName && part(name) }

// part reports whether text can be part of a secret's name.
func part(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// versionName is the full name of a secret's latest version; without its project while that is not known.
func versionName(project, name string) string {
	if project == "" {
		return "secrets/" + name + "/versions/latest"
	}
	return "projects/" + project + "/secrets/" + name + "/versions/latest"
}

// lastPart is a secret's name without the project.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// warnOfPrefixes warns once of kinds whose prefix can form no name: as in Airflow they are accepted, and never found.
func warnOfPrefixes(logger *slog.Logger, names *backend.Naming) {
	if logger == nil {
		return
	}
	var kinds []string
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable, secrets.KindConfig} {
		if head, on := names.Head(kind); on && !validName(head+"x") {
			kinds = append(kinds, kind.String())
		}
	}
	if len(kinds) > 0 {
		logger.LogAttrs(context.Background(), slog.LevelWarn,
			"gcpsm: prefix and separator can form no name of Secret Manager, so nothing of these kinds will be found", slog.Any("kinds", kinds))
	}
}
