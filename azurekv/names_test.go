package azurekv_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/vectors"
)

// The name that is told is Airflow's, also where no secret can have it and none is asked for.
func TestNamesAsAirflow(t *testing.T) {
	vectors.Names(t, "azure", func(t *testing.T, c vectors.NameCase) (string, error) {
		b, err := backend.Open(t.Context(), "azurekv", c.Kwargs)
		if err != nil {
			return "", err
		}
		return c.Told(b), nil
	})
}

func TestStoreIsAskedForTheNameThatIsTold(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-my-key", "world")
	b := store(t, s)
	name, ok := b.StoreName(secrets.KindVariable, "my_key")
	require.True(t, ok)
	require.Equal(t, "airflow-variables-my-key", name)
	for _, key := range []string{"my_key", "my-key", "MY_KEY"} { // one secret: the documented collision
		value, err := b.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, value == "world")
	}
	require.Equal(t, []string{"/secrets/airflow-variables-my-key/", "/secrets/airflow-variables-my-key/", "/secrets/airflow-variables-MY-KEY/"},
		s.Calls(), "one call a lookup")
}

func TestImpossibleNamesMakeNoCall(t *testing.T) {
	s := newServer(t)
	o := options(s)
	o.Config = backend.Off
	b := open(t, o)
	for _, id := range []string{"", "a.b", "a/b", "a:b", "a b", "größe", "x\n", strings.Repeat("x", 128-len("airflow-variables-"))} {
		_, err := b.GetVariable(t.Context(), id)
		assert.ErrorIsf(t, err, secrets.ErrNotFound, "%q", id)
		name, ok := b.StoreName(secrets.KindVariable, id)
		assert.False(t, ok)
		assert.Equal(t, "airflow-variables-"+id, name)
	}
	_, err := b.GetConfig(t.Context(), "off")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Empty(t, s.Calls())
	assert.Zero(t, s.Logins())

	_, err = b.GetVariable(t.Context(), strings.Repeat("x", 127-len("airflow-variables-")))
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Len(t, s.Calls(), 1, "127 characters can be a name")
}

func TestTeam(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-connections-team-a--my-own", "mysql://team")
	s.Set("airflow-connections-my-own", "mysql://all")
	s.Set("airflow-connections-shared", "mysql://all")
	o := options(s)
	o.Team = "team-a"
	b := open(t, o)
	own, err := b.GetConnections(t.Context(), "my_own")
	require.NoError(t, err)
	assert.Equal(t, "team", own[0].Host)
	require.Len(t, s.Calls(), 1)
	shared, err := b.GetConnections(t.Context(), "shared")
	require.NoError(t, err)
	assert.Equal(t, "all", shared[0].Host)
	require.Len(t, s.Calls(), 3, "the team's name, then the one that all share")
	for _, id := range []string{"team-b--db", "team-b__db", "-c", "_c"} {
		_, err = b.GetConnections(t.Context(), id)
		assert.ErrorIs(t, err, secrets.ErrDenied, id)
	}
	assert.Len(t, s.Calls(), 3)
}

func TestPatterns(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-yes-1", "1")
	pattern, err := backend.NewPattern("yes")
	require.NoError(t, err)
	o := options(s)
	o.VariablesPattern = pattern
	b := open(t, o)
	_, err = b.GetVariable(t.Context(), "yes_1")
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "no")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Len(t, s.Calls(), 1)
}

// An expired secret is found: the service hands it out, and Airflow takes it.
func TestExpiredSecretIsFound(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-old", "world")
	s.Expire("airflow-variables-old", past)
	value, err := store(t, s).GetVariable(t.Context(), "old")
	require.NoError(t, err)
	assert.True(t, value == "world")
}

func TestListPages(t *testing.T) {
	s := newServer(t)
	for i := range 60 {
		s.Set("airflow-variables-v"+strings.Repeat("i", i+1), planted)
	}
	s.Set("Airflow-Variables-Other-Case", planted)
	s.Set("unrelated", planted)
	b := store(t, s)
	keys, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Len(t, keys, 61)
	assert.Contains(t, keys, "Other-Case")
	assert.Len(t, s.Calls(), 3, "25 secrets a page")
	for _, key := range keys {
		_, err := b.GetVariable(t.Context(), key)
		assert.NoError(t, err, key)
	}
}
