package backend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func TestNaming(t *testing.T) {
	only := func(expr string) backend.Pattern {
		p, err := backend.NewPattern(expr)
		require.NoError(t, err)
		return p
	}
	for name, tc := range map[string]struct {
		naming backend.Naming
		kind   secrets.Kind
		id     string
		want   string
		ok     bool
	}{
		"the zero naming":                 {backend.Naming{}, secrets.KindConnection, "db", "airflow/connections/db", true},
		"of a variable":                   {backend.Naming{}, secrets.KindVariable, "db", "airflow/variables/db", true},
		"of a config value":               {backend.Naming{}, secrets.KindConfig, "db", "airflow/config/db", true},
		"no kind":                         {backend.Naming{}, 0, "db", "", false},
		"the blank id is never asked for": {backend.Naming{}, secrets.KindVariable, "", "airflow/variables/", false},
		"a prefix":                        {backend.Naming{Connections: backend.At("a/b")}, secrets.KindConnection, "db", "a/b/db", true},
		"trailing separators are dropped": {backend.Naming{Connections: backend.At("a//")}, secrets.KindConnection, "db", "a/db", true},
		"a blank prefix":                  {backend.Naming{Connections: backend.At("")}, secrets.KindConnection, "db", "db", true},
		"off":                             {backend.Naming{Connections: backend.Off}, secrets.KindConnection, "db", "", false},
		"a separator":                     {backend.Naming{Variables: backend.At("v-"), Separator: "-"}, secrets.KindVariable, "x", "v-x", true},
		"a pattern that matches":          {backend.Naming{ConnectionsPattern: only("my")}, secrets.KindConnection, "MY_db", "airflow/connections/MY_db", true},
		"a pattern matches at the start":  {backend.Naming{ConnectionsPattern: only("db")}, secrets.KindConnection, "my_db", "", false},
		"a pattern of another kind":       {backend.Naming{ConnectionsPattern: only("db")}, secrets.KindVariable, "my_db", "airflow/variables/my_db", true},
		"an alternative in a pattern":     {backend.Naming{VariablesPattern: only("a|b")}, secrets.KindVariable, "xb", "", false},
		"rewritten":                       {backend.Naming{Rewrite: strings.ToUpper}, secrets.KindVariable, "x", "AIRFLOW/VARIABLES/X", true},
		"a name that cannot be is told":   {backend.Naming{Valid: func(string) bool { return false }}, secrets.KindVariable, "x", "airflow/variables/x", false},
		"a store's own join":              {backend.Naming{Join: func(p, s, id string) string { return id + s + p }}, secrets.KindVariable, "x", "x/airflow/variables", true},
		"with a team, the team's first":   {backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, secrets.KindVariable, "x", "airflow/variables/red--x", true},
		"config is never a team's":        {backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, secrets.KindConfig, "x", "airflow/config/x", true},
		"a team's separator in an id":     {backend.Naming{Scope: backend.TeamScope("red", "--", nil)}, secrets.KindVariable, "blue--x", "", false},
		"no team, the same id":            {backend.Naming{Scope: backend.TeamScope("", "--", nil)}, secrets.KindVariable, "blue--x", "airflow/variables/blue--x", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := tc.naming.StoreName(tc.kind, tc.id)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.ok, ok)
		})
	}
}

func TestTeamScopeRefusesIdsOfOtherTeams(t *testing.T) {
	dashes := func(s string) string { return strings.ReplaceAll(s, "_", "-") }
	n := backend.Naming{Scope: backend.TeamScope("red", "--", dashes)}
	for _, id := range []string{"blue--db", "blue__db", "blue_-db", "-db", "_db"} {
		names, err := n.Names(secrets.KindConnection, id)
		assert.ErrorIsf(t, err, secrets.ErrDenied, "id %q", id)
		assert.Empty(t, names)
	}
	env := backend.Naming{Scope: backend.TeamScope("red", "___", nil)}
	_, err := env.Names(secrets.KindConnection, "blue___db")
	assert.ErrorIs(t, err, secrets.ErrDenied)
	_, err = env.Names(secrets.KindConnection, "_db")
	assert.NoError(t, err, "no team's name ends with an underscore")
	names, err := n.Names(secrets.KindConnection, "my-db_x")
	require.NoError(t, err)
	assert.Equal(t, []string{"airflow/connections/red--my-db_x", "airflow/connections/my-db_x"}, names)
}

func TestCheckTeam(t *testing.T) {
	for _, team := range []string{"", "abc", "Team-42"} {
		assert.NoErrorf(t, backend.CheckTeam(team), "team %q", team)
	}
	for _, team := range []string{"ab", "a_b", "größe", strings.Repeat("x", 51)} {
		assert.ErrorIsf(t, backend.CheckTeam(team), secrets.ErrMalformed, "team %q", team)
	}
}

func TestPatternThatDoesNotCompile(t *testing.T) {
	for _, expr := range []string{"pLanted5ecret(?=x)", "pLanted5ecret)|(b", "pLanted5ecret("} {
		p, err := backend.NewPattern(expr)
		require.ErrorIs(t, err, secrets.ErrMalformed)
		assert.NotContains(t, err.Error(), "pLanted5ecret")
		assert.Zero(t, p)
	}
}

func TestPrefix(t *testing.T) {
	var unset backend.Prefix
	for name, tc := range map[string]struct {
		prefix backend.Prefix
		text   string
		on     bool
		shown  string
	}{
		"default":      {unset, "", true, "default"},
		"with default": {unset.Or("d"), "d", true, `"d"`},
		"at":           {backend.At("a").Or("d"), "a", true, `"a"`},
		"at blank":     {backend.At("").Or("d"), "", true, `""`},
		"off":          {backend.Off.Or("d"), "", false, "off"},
	} {
		t.Run(name, func(t *testing.T) {
			text, on := tc.prefix.Text()
			assert.Equal(t, tc.text, text)
			assert.Equal(t, tc.on, on)
			assert.Equal(t, tc.shown, tc.prefix.String())
		})
	}
}
