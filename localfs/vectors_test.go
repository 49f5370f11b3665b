package localfs_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/localfs"
)

type vector struct {
	Name, Kind, File, Content string
}

// otherwise are cases without a quirk in which the specification decides against Airflow 2.11, which the vectors are of.
// The value is our outcome; nil is an error.
var otherwise = map[string]struct {
	want any
	why  string
}{
	"env/repeated":                        {ids("mysql", "CONN_ID", "host_1", "host_2"), "all connections of an id are kept (lookup A2, backends §2.1)"},
	"json/two-element list [connections]": {ids("t", "A", "h", "i"), "a list of any length (backends §2.2)"},
	"json/two uris in list":               {ids("mysql", "C", "host_1", "host_2"), "a list of any length (backends §2.2)"},
	"json/two objects in list":            {ids("mysql", "C", "host_1", "host_2"), "a list of any length (backends §2.2)"},
	"yaml/two values [connections]":       {ids("mysql", "conn_a", "hosta", "hostb"), "a list of any length (backends §2.2)"},
	"json/two-element list [variables]":   {texts("A", `["t://h","t://i"]`), "what is no text is compact JSON (backends §2.2), as in Airflow 3.2"},
	"json/nested list [variables]":        {texts("A", `[["t://h"]]`), "what is no text is compact JSON (backends §2.2), as in Airflow 3.2"},
	"yaml/two values":                     {texts("A", `["x","y"]`), "what is no text is compact JSON (backends §2.2), as in Airflow 3.2"},
	"json/extra_dejson list":              {nil, "an extra is an object (connection §2), as in Airflow 3"},
	"json/extra plain text":               {nil, "an extra is an object (connection §2), as in Airflow 3"},
	"json/extra list":                     {nil, "an extra is an object (connection §2), as in Airflow 3"},
}

func ids(kind, id string, hosts ...string) any {
	list := []any{}
	for _, host := range hosts {
		list = append(list, map[string]any{"conn_type": kind, "host": host})
	}
	return map[string]any{id: list}
}

func texts(key, text string) any { return map[string]any{key: text} }

// read is the whole file as the vectors write it, in the way of Airflow: any mistake fails everything.
func read(t *testing.T, v vector) (any, error) {
	path := filepath.Join(t.TempDir(), v.File)
	write(t, path, v.Content)
	opts := localfs.Options{OnMistake: localfs.FailFile}
	kind := secrets.KindVariable
	opts.VariablesFile = path
	if v.Kind == "connections" {
		kind = secrets.KindConnection
		opts.VariablesFile, opts.ConnectionsFile = "", path
	}
	b, err := localfs.New(&opts)
	if err != nil {
		return nil, err
	}
	names, err := b.List(t.Context(), kind)
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for _, name := range names {
		if kind == secrets.KindVariable {
			text, err := b.GetVariable(t.Context(), name)
			require.NoError(t, err)
			all[name] = text
			continue
		}
		conns, err := b.GetConnections(t.Context(), name)
		require.NoError(t, err)
		list := []any{}
		for _, c := range conns {
			list = append(list, vectors.Fields(c))
		}
		all[name] = list
		if len(list) == 1 {
			all[name] = list[0]
		}
	}
	return all, nil
}

// same compares what was read with what Airflow gives. A variable that is no text there is its JSON here.
func same(got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		return vectors.SameJSON(got, want)
	}
	var connections bool
	for _, value := range g {
		_, text := value.(string)
		connections = connections || !text
	}
	if connections {
		return vectors.SameConnections(got, want)
	}
	parsed := map[string]any{}
	for key, value := range g {
		parsed[key] = value
		if _, text := w[key].(string); text {
			continue
		}
		d := json.NewDecoder(strings.NewReader(value.(string)))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			parsed[key] = v
		}
	}
	return vectors.SameJSON(parsed, want)
}

func TestVectors(t *testing.T) {
	vectors.Suite[vector]{
		File: "localfs.json",
		Only: func(v vector) bool { _, ours := otherwise[v.Name]; return !ours },
		Got:  read,
		Same: same,
	}.Run(t)
}

func TestVectorsDecidedOtherwise(t *testing.T) {
	ran := 0
	for _, v := range vectors.Load[vector](t, "localfs.json") {
		ours, ok := otherwise[v.Name]
		if !ok {
			continue
		}
		ran++
		t.Run(v.Name, func(t *testing.T) {
			got, err := read(t, v)
			if ours.want == nil {
				require.Error(t, err, ours.why)
				assert.ErrorIs(t, err, secrets.ErrMalformed)
				return
			}
			require.NoError(t, err, ours.why)
			assert.Empty(t, same(got, ours.want), ours.why)
		})
	}
	assert.Equal(t, len(otherwise), ran)
}
