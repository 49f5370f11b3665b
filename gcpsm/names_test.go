package gcpsm_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/vectors"
)

// The name that is told is Airflow's, also where no secret can have it and none is asked for.
func TestNamesAsAirflow(t *testing.T) {
	noDefaultCredentials(t)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file(t, text(t, keyJSON(t))))
	vectors.Names(t, "gcp", func(t *testing.T, c vectors.NameCase) (string, error) {
		b, err := backend.Open(t.Context(), "gcpsm", c.Kwargs)
		if err != nil {
			return "", err
		}
		t.Cleanup(func() { assert.NoError(t, b.(*gcpsm.Backend).Close()) })
		return c.Told(b), nil
	})
}

// What the server is asked for is what StoreName tells, with the routing header that regional traffic goes by.
func TestStoreIsAskedForTheNameThatIsTold(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	b := store(t, s)
	name, ok := b.StoreName(secrets.KindVariable, "hello")
	require.True(t, ok)
	require.Equal(t, "projects/my-project/secrets/airflow-variables-hello/versions/latest", name)
	_, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	require.Equal(t, []string{"name=" + strings.ReplaceAll(name, "/", "%2F")}, s.Calls(), "one call")
}

func TestImpossibleNamesMakeNoCall(t *testing.T) {
	s := newServer()
	c := client(t, address(t, s))
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project, Config: backend.Off})
	require.NoError(t, err)
	for _, id := range []string{"", "a.b", "a/b", "a:b", "a b", "größe", "x\n", strings.Repeat("x", 256-len("airflow-variables-"))} {
		_, err := b.GetVariable(t.Context(), id)
		assert.ErrorIsf(t, err, secrets.ErrNotFound, "%q", id)
		name, ok := b.StoreName(secrets.KindVariable, id)
		assert.False(t, ok)
		assert.Equal(t, "projects/my-project/secrets/airflow-variables-"+id+"/versions/latest", name)
	}
	_, err = b.GetConfig(t.Context(), "off")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Empty(t, s.Calls())

	_, err = b.GetVariable(t.Context(), strings.Repeat("x", 255-len("airflow-variables-")))
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Len(t, s.Calls(), 1, "255 characters can be a name")
}

func TestPrefixThatCanFormNoNameWarnsOnce(t *testing.T) {
	s := newServer()
	var log strings.Builder
	b, err := gcpsm.New(client(t, address(t, s)), &gcpsm.Options{Project: s.Project,
		Variables: backend.At("a/b"), Config: backend.At("a.b"), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	for range 3 {
		_, err = b.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
	assert.Contains(t, log.String(), "[variable config]")

	log.Reset()
	opened, err := backend.OpenLogged(t.Context(), "gcpsm", json.RawMessage(`{"project_id": "p", "variables_prefix": "a/b"}`), slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	require.NoError(t, opened.(*gcpsm.Backend).Close())
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), "and so does the driver")
	assert.Empty(t, s.Calls())
}

func TestTeam(t *testing.T) {
	s := newServer()
	s.Set("airflow-connections-team-a--own", "mysql://team")
	s.Set("airflow-connections-own", "mysql://all")
	s.Set("airflow-connections-shared", "mysql://all")
	b, err := gcpsm.New(client(t, address(t, s)), &gcpsm.Options{Project: s.Project, Team: "team-a"})
	require.NoError(t, err)

	own, err := b.GetConnections(t.Context(), "own")
	require.NoError(t, err)
	assert.Equal(t, "team", own[0].Host)
	require.Len(t, s.Calls(), 1)
	shared, err := b.GetConnections(t.Context(), "shared")
	require.NoError(t, err)
	assert.Equal(t, "all", shared[0].Host)
	require.Len(t, s.Calls(), 3, "the team's name, then the one that all share")
	for _, id := range []string{"team-b--db", "-c"} {
		_, err = b.GetConnections(t.Context(), id)
		assert.ErrorIs(t, err, secrets.ErrDenied, id)
	}
	assert.Len(t, s.Calls(), 3)
}

func TestPatterns(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-yes_1", "1")
	pattern, err := backend.NewPattern("yes")
	require.NoError(t, err)
	b, err := gcpsm.New(client(t, address(t, s)), &gcpsm.Options{Project: s.Project, VariablesPattern: pattern})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "yes_1")
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "no")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Len(t, s.Calls(), 1)
}

// Errors tell the full name, as StoreName does: with the project of the credentials as soon as that is known.
func TestErrorsTellTheFullName(t *testing.T) {
	s := newServer()
	s.Project = "creds-project"
	b, err := gcpsm.Open(t.Context(), &gcpsm.Options{Key: secrets.NewSecret(text(t, keyJSON(t))), ClientOptions: trusting(address(t, s, secure()))})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	assert.ErrorContains(t, err, "(projects/creds-project/secrets/airflow-variables-hello/versions/latest)")
	require.NoError(t, b.Close())
	_, err = b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrClosed)
	assert.ErrorContains(t, err, "(secrets/airflow-variables-hello/versions/latest)", "nobody asks the credentials any more")
}

// Close of a Backend that New made leaves the client to its owner.
func TestCloseLeavesTheCallersClient(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	c := client(t, address(t, s))
	for range 2 {
		b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project})
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		require.NoError(t, err)
		require.NoError(t, b.Close())
	}
}
