package airflowcfg

import (
	"encoding/json"
	"os"
	"os/user"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func environmentOf(variables map[string]string) environment {
	return newEnvironment(func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	})
}

func TestExpandsAsPython(t *testing.T) {
	text, err := os.ReadFile("testdata/expand.json")
	require.NoError(t, err)
	var cases struct {
		Environment map[string]string
		Cases       []struct{ Text, Want string }
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	require.NotEmpty(t, cases.Cases)
	env := environmentOf(cases.Environment)
	for _, tt := range cases.Cases {
		got, err := env.expand(tt.Text)
		require.NoError(t, err, "%q", tt.Text)
		assert.Equal(t, tt.Want, got, "%q", tt.Text)
	}
}

// Where Airflow never ends or fills the memory there is an error, which shows nothing.
func TestExpansionIsBounded(t *testing.T) {
	env := environmentOf(map[string]string{
		"A": "$B", "B": "$A", "GROW": "$GROW hunter2", "DOUBLE": "$DOUBLE$DOUBLE$DOUBLE$DOUBLE",
	})
	for text, want := range map[string]error{"$A": errEndless, "$GROW": errEndless, "$DOUBLE": errTooLong} {
		_, err := env.expand(text)
		require.ErrorIs(t, err, want, text)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestHomes(t *testing.T) {
	me, err := user.Current()
	require.NoError(t, err)
	unset := func(string) (string, bool) { return "", false }
	process, own := environment{lookup: unset}, environment{lookup: unset, own: true}
	assert.Equal(t, strings.TrimRight(me.HomeDir, "/")+"/x", process.tilde("~/x"), "without HOME the system knows")
	assert.Equal(t, "~/x", own.tilde("~/x"), "a caller's environment without HOME has no home")
	if byName, err := user.Lookup(me.Username); err == nil {
		assert.Equal(t, strings.TrimRight(byName.HomeDir, "/")+"/x", process.tilde("~"+me.Username+"/x"))
		assert.Equal(t, "~"+me.Username, own.tilde("~"+me.Username))
	}
	assert.Equal(t, "/", environmentOf(map[string]string{"HOME": "/"}).tilde("~"))
	assert.Equal(t, `C:\Users\me/x`, environmentOf(map[string]string{"USERPROFILE": `C:\Users\me`}).tilde("~/x"))
}

func TestSplitsCommandsAsPython(t *testing.T) {
	text, err := os.ReadFile("testdata/shlex.json")
	require.NoError(t, err)
	var cases []struct {
		Text, Error string
		Args        []string
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	for _, tt := range cases {
		got, err := splitCommand(tt.Text)
		if tt.Error != "" || len(tt.Args) == 0 || tt.Args[0] == "" { // nothing to run
			assert.Error(t, err, "%q", tt.Text)
			continue
		}
		require.NoError(t, err, "%q", tt.Text)
		assert.Equal(t, tt.Args, got, "%q", tt.Text)
	}
}

func FuzzSplitCommand(f *testing.F) {
	for _, seed := range []string{`a 'b c' "d\"e" f\ g`, `'`, `\`, `a "`, "''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args, err := splitCommand(line)
		if err != nil {
			return
		}
		// Quoted again, the words are the same.
		again, err := splitCommand("'" + strings.Join(quoteAll(args), "' '") + "'")
		require.NoError(t, err)
		require.Equal(t, args, again)
	})
}

func quoteAll(args []string) (quoted []string) {
	for _, arg := range args {
		quoted = append(quoted, strings.ReplaceAll(strings.ToValidUTF8(arg, ""), "'", `'"'"'`))
	}
	return quoted
}
