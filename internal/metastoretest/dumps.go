package metastoretest

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/metastore"
)

// expected is testdata/vectors/metastore/expected.json.
type expected struct {
	Setting     string `json:"fernet_key_setting"`
	Connections []struct {
		ID         string `json:"conn_id"`
		Error      bool   `json:"error"`
		ExtraError bool   `json:"extra_error"`
		Fields     map[string]any
		URI        *string `json:"uri"`
	}
	Variables []struct {
		Key           string
		Value         *string
		Undecryptable bool
	}
	Other []struct {
		Name       string
		Setting    string   `json:"fernet_key_setting"`
		Fail       []string `json:"connections_that_fail"`
		ExtraFails []string `json:"connections_whose_extra_fails"`
		Undecrypt  []string `json:"variables_undecryptable"`
		AsToken    []string `json:"variables_returned_as_stored_token"`
	} `json:"with_other_keys"`
}

func loadExpected(t testing.TB) expected {
	t.Helper()
	data, err := os.ReadFile(vectors.Path(t, "metastore/expected.json"))
	require.NoError(t, err)
	var e expected
	require.NoError(t, json.Unmarshal(data, &e))
	var raw struct{ Connections []map[string]any }
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(&raw))
	for i := range e.Connections {
		e.Connections[i].Fields = raw.Connections[i]
	}
	require.NotEmpty(t, e.Connections)
	require.NotEmpty(t, e.Variables)
	return e
}

func testDumps(t *testing.T, s Server) {
	want := loadExpected(t)
	for generation := range generations {
		t.Run(generation, func(t *testing.T) {
			dsn := s.load(t, generation)
			store := s.open(t, dsn, &metastore.Options{FernetKeys: metastore.ParseFernetKeys(secrets.NewSecret(want.Setting))})
			for _, c := range want.Connections {
				t.Run("connection/"+c.ID, func(t *testing.T) {
					conns, err := store.GetConnections(t.Context(), c.ID)
					if c.Error || c.ExtraError {
						var bad *metastore.RowError
						require.ErrorAs(t, err, &bad)
						assert.ErrorIs(t, err, secrets.ErrMalformed)
						assert.Equal(t, map[bool]string{true: "password", false: "extra"}[c.Error], bad.Field)
						return
					}
					require.NoError(t, err)
					require.Len(t, conns, 1)
					assert.Equal(t, c.ID, conns[0].ID)
					fields := maps.Clone(c.Fields)
					if generation == "1.10" {
						delete(fields, "description")
					}
					assert.Empty(t, vectors.Differences(conns[0], fields), "fields that differ")
					uri, err := store.GetConnURI(t.Context(), c.ID)
					require.NoError(t, err)
					assert.True(t, uri == conns[0].URI().Reveal(), "GetConnURI is not the first connection's")
				})
			}
			for _, v := range want.Variables {
				t.Run("variable/"+v.Key, func(t *testing.T) {
					value, err := store.GetVariable(t.Context(), v.Key)
					switch {
					case v.Undecryptable:
						assert.ErrorIs(t, err, secrets.ErrMalformed)
					case v.Value == nil:
						assert.ErrorIs(t, err, secrets.ErrNotFound)
					default:
						require.NoError(t, err)
						assert.True(t, value == *v.Value, "another value")
					}
				})
			}
			for _, other := range want.Other {
				t.Run(other.Name, func(t *testing.T) {
					s.testOtherKeys(t, dsn, want, other.Setting, other.Fail, other.ExtraFails, other.Undecrypt, other.AsToken)
				})
			}
		})
	}
}

// testOtherKeys reads a dump with fewer keys. Unlike Airflow we hold a connection whose extra fails for malformed as a whole,
// and a variable that cannot be decrypted too, also without any key.
func (s Server) testOtherKeys(t *testing.T, dsn string, want expected, setting string, fail, extraFails, undecryptable, asToken []string) {
	store := s.open(t, dsn, &metastore.Options{FernetKeys: metastore.ParseFernetKeys(secrets.NewSecret(setting))})
	for _, c := range want.Connections {
		_, err := store.GetConnections(t.Context(), c.ID)
		if slices.Contains(fail, c.ID) || slices.Contains(extraFails, c.ID) {
			assert.ErrorIsf(t, err, secrets.ErrMalformed, "connection %q", c.ID)
		} else {
			assert.NoErrorf(t, err, "connection %q", c.ID)
		}
	}
	for _, v := range want.Variables {
		_, err := store.GetVariable(t.Context(), v.Key)
		switch {
		case slices.Contains(undecryptable, v.Key), slices.Contains(asToken, v.Key), v.Undecryptable:
			assert.ErrorIsf(t, err, secrets.ErrMalformed, "variable %q", v.Key)
		case v.Value == nil:
			assert.ErrorIsf(t, err, secrets.ErrNotFound, "variable %q", v.Key)
		default:
			assert.NoErrorf(t, err, "variable %q", v.Key)
		}
	}
}
