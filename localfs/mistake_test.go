package localfs_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/localfs"
)

func TestMistakesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		id         string // that fails
		want       string
	}{
		"env: no sign":          {"c.env", "a=mysql://h\n" + planted + "\n", "any", "line 2: no = between name and value"},
		"env: every mistake":    {"c.env", planted + "\n#\n=x\n", "any", "line 1: no = between name and value; line 3: no name before the ="},
		"env: blank value":      {"c.env", "\n\na=\n", "a", "line 3: no value after the ="},
		"env: bad port":         {"c.env", "a=mysql://h\rb=mysql://u:" + planted + "/@h:1\r", "b", "line 2: URI: port"},
		"env: not UTF-8":        {"c.env", "a=mysql://h\xff", "any", "not UTF-8"},
		"json: empty":           {"c.json", " \n", "any", "line 1: the file is empty"},
		"json: a list":          {"c.json", "\n[]", "any", "line 2: the file should contain an object"},
		"json: a mark":          {"c.json", "\ufeff{}", "any", "byte order mark"},
		"json: syntax":          {"c.json", "{\n\"a\": \"mysql://h\"\n\"" + planted + "\": 1}", "any", "line 3: expected , or }"},
		"json: trailing":        {"c.json", "{}\n\n" + planted, "any", "line 3: text after the end"},
		"json: number":          {"c.json", "{\n\"a\": 5}", "a", "line 2: a connection is a text, an object, or a list"},
		"json: nested list":     {"c.json", `{"a": [["mysql://h"]]}`, "a", "in a list: a connection is a text"},
		"json: illegal key":     {"c.json", `{"a": {"` + planted + `": "x"}}`, "a", "unknown key"},
		"json: both extras":     {"c.json", `{"a": {"extra": null, "extra_dejson": {"a": "` + planted + `"}}}`, "a", "extra beside extra_dejson"},
		"json: extra a list":    {"c.json", `{"a": {"extra_dejson": ["` + planted + `"]}}`, "a", "extra_dejson is not an object"},
		"json: uri and extra":   {"c.json", `{"a": {"uri": "mysql://h", "extra_dejson": {}}}`, "a", "uri beside extra_dejson"},
		"json: another id":      {"c.json", `{"a": {"conn_id": "` + planted + `"}}`, "a", "conn_id: differs"},
		"json: null id":         {"c.json", `{"a": {"conn_id": null}}`, "a", "conn_id is not a text"},
		"json: repeated":        {"c.json", "{\"a\": \"mysql://h\",\n\"a\": \"mysql://i\"}", "a", "line 2: the id is repeated"},
		"json: half surrogate":  {"c.json", `{"a": "mysql://h\ud800"}`, "a", "surrogate"},
		"json: half a key":      {"c.json", `{"\udc00": "mysql://h"}`, "any", "surrogate"},
		"json: deep":            {"c.json", `{"a": ` + strings.Repeat("[", 5000), "any", "nested too deep"},
		"yaml: empty":           {"c.yaml", "# nothing\n", "any", "line 1: the file is empty"},
		"yaml: a list":          {"c.yaml", "- a\n", "any", "should contain a mapping"},
		"yaml: indentation":     {"c.yaml", "a: b\n c: " + planted + "\n", "any", "line 2: not YAML: mapping values are not allowed"},
		"yaml: first line":      {"c.yaml", "a: b: " + planted + "\n", "any", "line 1: not YAML: mapping values are not allowed"},
		"yaml: an open list":    {"c.yaml", "a: b\n#\nc: [" + planted + "\n", "any", "line 3: not YAML: did not find expected ',' or ']'"},
		"yaml: an open mapping": {"c.yaml", "#\n#\nc: {" + planted + ": 1\n", "any", "line 3: not YAML: did not find expected ',' or '}'"},
		"yaml: a list in it":    {"c.yaml", "a: b\n- " + planted + "\n", "any", "line 2: not YAML: did not find expected key"},
		"yaml: a stray bracket": {"c.yaml", "a: b\n\nc: ]" + planted + "\n", "any", "line 3: not YAML: did not find expected node content"},
		"yaml: after the end":   {"c.yaml", "a: b\n...\n" + planted + "\n", "any", "line 3: not YAML: did not find expected <document start>"},
		"yaml: a control":       {"c.yaml", "a: b\n#\nc: \x01" + planted + "\n", "any", "line 3: not YAML: control characters are not allowed"},
		"yaml: an alias":        {"c.yaml", "a: *" + planted + "\n", "any", "put a text that begins with * in quotes"},
		"yaml: a second one":    {"c.yaml", "a: mysql://h\n---\nb: mysql://h\n", "any", "line 2: a second document"},
		"yaml: broken second":   {"c.yaml", "a: mysql://h\n---\nb: '" + planted, "any", "not YAML"},
		"yaml: a tag":           {"c.yaml", "a: !" + planted + " x\n", "a", "line 1: a tag other than"},
		"yaml: a wrong tag":     {"c.yaml", "a: {port: !!int " + planted + "}\n", "a", "not what its tag says"},
		"yaml: infinity":        {"c.yaml", "a: {port: .inf}\n", "a", "JSON cannot write"},
		"yaml: a list as a key": {"c.yaml", "? [a]\n: b\n", "any", "a key is no text"},
		"yaml: a repeated key":  {"c.yaml", "a:\n  host: h\n  host: " + planted + "\n", "a", "line 3: a key is repeated"},
		"yaml: repeated":        {"c.yml", "a: mysql://h\na: mysql://i\n", "a", "line 2: the id is repeated"},
		"yaml: a bad merge":     {"c.yaml", "a:\n  <<: " + planted + "\n", "a", "<< can merge mappings only"},
		"yaml: a ring":          {"c.yaml", "a: &a\n  extra: *a\n", "a", "nested too deep"},
		"yaml: a bomb": {"c.yaml", "x: &x0 {k: " + planted + "}\n" + bomb() + "a: *x30\n", "any",
			"aliases make the file many times larger than it is"},
		"yaml: a bomb of merges": {"c.yaml", "x: &x0 {k: v}\n" + mergeBomb() + "a: *x30\n", "any",
			"aliases make the file many times larger than it is"},
		"yaml: a number as password": {"c.yaml", "a: {password: 12345}\n", "a", "JSON: password"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), c.file), c.text)
			b := open(t, localfs.Options{ConnectionsFile: path})
			_, err := b.GetConnections(t.Context(), c.id)
			require.Error(t, err)
			assert.ErrorIs(t, err, secrets.ErrMalformed)
			assert.ErrorContains(t, err, path)
			assert.ErrorContains(t, err, c.want)
			_, err2 := b.GetConnURI(t.Context(), c.id)
			err3 := b.Check(t.Context())
			assert.ErrorIs(t, err3, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err, err2, err3, b)
		})
	}
}

func bomb() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "x%d: &x%d [*x%d, *x%d]\n", i+1, i+1, i, i)
	}
	return b.String()
}

func mergeBomb() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "x%d: &x%d {<<: [*x%d, *x%d, *x%d]}\n", i+1, i+1, i, i, i)
	}
	return b.String()
}

func TestManyMistakesStayReadable(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "v.env"), strings.Repeat("x\n", 1000))
	_, err := open(t, localfs.Options{VariablesFile: path}).GetVariable(t.Context(), "x")
	assert.ErrorContains(t, err, "line 10: ")
	assert.ErrorContains(t, err, "and 990 more")
}
