package vectors

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func TestSection(t *testing.T) {
	text := "# T\n\n## other.json\n| case | we | why |\n|---|---|---|\n| x | error | r |\n\n" +
		"## a.json\nwords\n\n| case | we | why |\n|---|---|---|\n" +
		"| plain | as Airflow | r1 |\n| `a\\|b` | error | r \\| 2 |\n| `` c`d `` | `{\"n\": \"x\\|y\"}` | r3 |\n"
	table, err := parseSection(text, "a.json")
	require.NoError(t, err)
	assert.Equal(t, map[string]Decision{
		"plain": {we: decision{asAirflow: true}, Why: "r1"},
		"a|b":   {we: decision{outcome: outcome{failed: true}}, Why: "r | 2"},
		"c`d":   {we: decision{outcome: outcome{value: map[string]any{"n": "x|y"}}}, Why: "r3"},
	}, table)
	missing, err := parseSection(text, "none.json")
	require.NoError(t, err)
	assert.Empty(t, missing)
}

func TestSectionRefused(t *testing.T) {
	for name, row := range map[string]string{
		"too few cells":   "| x | error |",
		"unknown outcome": "| x | maybe | r |",
		"not JSON":        "| x | `{` | r |",
		"no reason":       "| x | error |  |",
		"reason left out": "| x | error | … |",
		"twice":           "| x | error | r |\n| `x` | error | r |",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseSection("## a.json\n"+row, "a.json")
			assert.Error(t, err)
		})
	}
}

func TestProposalIsReadBack(t *testing.T) {
	for name, d := range map[string]decision{
		"as Airflow": {asAirflow: true},
		"error":      {outcome: outcome{failed: true}},
		"null":       {},
		"odd text":   {outcome: outcome{value: map[string]any{"a|b": "`<>\\"}}},
	} {
		t.Run(name, func(t *testing.T) {
			cells := splitRow("| n | " + d.String() + " | why |")
			require.Len(t, cells, 3)
			back, err := parseDecision(cells[1])
			require.NoError(t, err)
			assert.Equal(t, d, back)
		})
	}
}

func TestSameFields(t *testing.T) {
	c := secrets.Connection{Type: "t", Port: 1, Extra: secrets.NewSecret(`{"a": 12345678901234567890, "b": 1.0}`)}
	same := map[string]any{"conn_type": "t", "host": nil, "login": "", "port": json.Number("1"),
		"extra": `{"b":1,"a":12345678901234567890}`, "conn_id": "c", "extra_dejson": map[string]any{}}
	assert.Empty(t, Differences(c, same))

	other := map[string]any{"conn_type": "T", "host": "h", "port": json.Number("2"), "extra": `{"a":12345678901234567891,"b":1}`}
	assert.Equal(t, []string{"conn_type", "host", "port", "extra"}, Differences(c, other))

	assert.Empty(t, SameFields(map[string]any{"extra": "no json"}, map[string]any{"extra": "no json", "port": json.Number("0")}))
	assert.Equal(t, []string{"value"}, SameFields(nil, map[string]any{}), "not found is not a blank connection")
}

func TestSameConnections(t *testing.T) {
	one := map[string]any{"host": "h"}
	assert.Empty(t, SameConnections(map[string]any{"a": []any{one}}, map[string]any{"a": one}))
	assert.Equal(t, []string{"a: how many", "b: host"}, SameConnections(
		map[string]any{"a": []any{one, one}, "b": one}, map[string]any{"a": one, "b": map[string]any{"host": "g"}}))
	assert.Equal(t, []string{"a: how many"}, SameConnections(map[string]any{}, map[string]any{"a": one}))
}

func TestSameJSON(t *testing.T) {
	assert.Empty(t, SameJSON(map[string]any{"a": []any{json.Number("1e1"), nil}}, map[string]any{"a": []any{json.Number("10"), nil}}))
	assert.Equal(t, []string{"a", "b"}, SameJSON(map[string]any{"a": nil}, map[string]any{"b": nil}))
	assert.Equal(t, []string{"value"}, SameJSON([]any{"x"}, []any{}))
	assert.Equal(t, []string{"value"}, SameJSON("1", json.Number("1")))
}

// Every vector file can be read, and its section of docs/quirks.md decides every quirk and nothing else. There is no store
// for Yandex Lockbox.
func TestFiles(t *testing.T) {
	for _, file := range []string{"aws_secret_values.json", "connection_json.json", "connection_to_uri.json", "connection_uri.json",
		"fernet.json", "localfs.json", "names.json"} {
		t.Run(file, func(t *testing.T) {
			table := Decisions(t, file)
			quirks := 0
			for _, c := range Load[expectation](t, file) {
				if c.Quirk == "" || strings.HasPrefix(c.Name, "lockbox/") {
					continue
				}
				quirks++
				assert.Contains(t, table, c.Name, "undecided")
			}
			assert.Len(t, table, quirks, "rows whose case is not a quirk")
		})
	}
}
