// Package vectors holds this module to the facts about Airflow in testdata/vectors. Only tests import it.
//
// A vector file is a JSON array of cases (testdata/vectors/README.md). A case without a quirk is the contract. A case
// with one is decided by us, and the decision is a row of docs/quirks.md: one section per vector file, headed by the
// file's name, holding one table
//
//	| case | we | why |
//	|---|---|---|
//	| `empty/word` | error | the first character would be lost |
//	| `raw/tab` | as Airflow | every URL parser does so |
//	| `host/own` | `{"conn_type": "s", "host": "https://h"}` | Airflow loses the host |
//
// where we is "as Airflow", "error", or our outcome as JSON in backquotes. A vertical bar inside a cell is written \|.
//
// A test describes one file as a [Suite] and runs it:
//
//	vectors.Suite[uriCase]{
//		File: "connection_uri.json",
//		Got: func(_ *testing.T, c uriCase) (any, error) {
//			conn, err := secrets.ParseURI(c.URI)
//			return vectors.Fields(conn), err
//		},
//		Same: vectors.SameFields,
//	}.Run(t)
//
// It fails for a case that is not as Airflow without a row that says so, for a quirk without a row, for a row whose
// case is not a quirk, and for a row that says what the code does not do. A message names fields that differ and shows no
// input; only the row to paste for an undecided quirk shows the outcome, which docs/quirks.md will show as well.
package vectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Root returns the folder of the module that holds the test: the nearest one upwards with a go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the test")
		dir = parent
	}
}

// Path returns where testdata/vectors/name is, for the files that are not arrays of cases.
func Path(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(Root(t), "testdata", "vectors", filepath.FromSlash(name))
}

// Load reads a file's cases. Numbers in fields of type any are [json.Number].
func Load[T any](t testing.TB, file string) []T {
	t.Helper()
	data, err := os.ReadFile(Path(t, file))
	require.NoError(t, err)
	var cases []T
	require.NoError(t, decode(data, &cases), file)
	require.NotEmpty(t, cases, file)
	return cases
}

// decode fills v from one JSON value, keeping numbers as they are written.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value")
	}
	return nil
}
