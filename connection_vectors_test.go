package secrets_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vectors"
)

// vectorConnection is a connection as a vector's fields describe it, whether they are legal or not.
func vectorConnection(t *testing.T, fields map[string]any) secrets.Connection {
	t.Helper()
	text := func(name string) string {
		s, _ := fields[name].(string)
		return s
	}
	c := secrets.Connection{
		Type: text("conn_type"), Description: text("description"), Host: text("host"), Schema: text("schema"), Login: text("login"),
		Password: secrets.NewSecret(text("password")), Extra: secrets.NewSecret(text("extra")),
	}
	if number, ok := fields["port"].(json.Number); ok {
		port, err := number.Int64()
		require.NoError(t, err)
		c.Port = int(port)
	}
	return c
}

func TestVectorsParseURI(t *testing.T) {
	type uriCase struct{ URI string }
	vectors.Suite[uriCase]{
		File: "connection_uri.json",
		Got: func(t *testing.T, v uriCase) (any, error) {
			c, err := secrets.ParseURI(v.URI)
			if err != nil {
				requireSyntaxError(t, err, v.URI)
				return nil, err
			}
			return vectors.Fields(c), nil
		},
		Same: vectors.SameFields,
	}.Run(t)
}

func TestVectorsURI(t *testing.T) {
	type fieldsCase struct{ Fields map[string]any }
	vectors.Suite[fieldsCase]{
		File: "connection_to_uri.json",
		Got: func(t *testing.T, v fieldsCase) (any, error) {
			return vectorConnection(t, v.Fields).URI().Reveal(), nil
		},
	}.Run(t)
}

// What Airflow reads back unchanged, so do we. What it changes, we change no more than it does, or refuse.
func TestVectorsURIReadBack(t *testing.T) {
	type fieldsCase struct {
		Name     string
		Fields   map[string]any
		Lossless bool
		Changed  []string `json:"changed_on_reparse"`
	}
	for _, v := range vectors.Load[fieldsCase](t, "connection_to_uri.json") {
		t.Run(v.Name, func(t *testing.T) {
			c := vectorConnection(t, v.Fields)
			d, err := secrets.ParseURI(c.URI().Reveal())
			if err != nil {
				requireSyntaxError(t, err, c.URI().Reveal())
				valid := c
				valid.ID = "c"
				assert.True(t, valid.Validate() != nil || !isPlainType(c.Type), "refused although it can be stored")
				return
			}
			if c.Equal(d) {
				return
			}
			assert.False(t, v.Lossless, "changed, unlike in Airflow")
			for _, field := range vectors.Differences(d, vectors.Fields(c)) {
				assert.Contains(t, v.Changed, field)
			}
		})
	}
}

func TestVectorsParseJSON(t *testing.T) {
	type jsonCase struct {
		ID   string `json:"conn_id"`
		JSON string
		Via  string
	}
	vectors.Suite[jsonCase]{
		File: "connection_json.json",
		Got: func(t *testing.T, v jsonCase) (any, error) {
			if v.Via == "" {
				if _, err := secrets.ParseJSON(v.JSON); err != nil {
					requireSyntaxError(t, err, v.JSON)
					return nil, err
				}
			}
			list, err := secrets.ConnectionsFromText(v.ID, v.JSON)
			if errors.Is(err, secrets.ErrNotFound) {
				return nil, nil
			}
			if err != nil {
				requireSyntaxError(t, err, v.JSON)
				return nil, err
			}
			require.Len(t, list, 1)
			fields := vectors.Fields(list[0])
			fields["conn_id"] = list[0].ID
			return fields, nil
		},
		Same: func(got, want any) []string {
			differ := vectors.SameFields(got, want)
			if g, ok := got.(map[string]any); ok {
				w, _ := want.(map[string]any)
				if g["conn_id"] != w["conn_id"] {
					differ = append(differ, "conn_id")
				}
			}
			return differ
		},
	}.Run(t)
}

func TestVectorsJSON(t *testing.T) {
	type jsonCase struct {
		Name, JSON string
		AsJSON     string `json:"as_json"`
		Quirk      string
	}
	ran := 0
	for _, v := range vectors.Load[jsonCase](t, "connection_json.json") {
		if v.AsJSON == "" || v.Quirk != "" {
			continue
		}
		ran++
		t.Run(v.Name, func(t *testing.T) {
			c, err := secrets.Parse(v.JSON)
			require.NoError(t, err)
			got, err := secrets.ParseJSON(c.JSON().Reveal())
			require.NoError(t, err)
			want, err := secrets.ParseJSON(v.AsJSON)
			require.NoError(t, err)
			assert.Empty(t, vectors.Differences(got, vectors.Fields(want)), "our JSON and Airflow's differ in these")
			got.ID = c.ID
			assert.True(t, got.Equal(c), "our JSON is read back differently")
		})
	}
	require.Greater(t, ran, 50)
}
