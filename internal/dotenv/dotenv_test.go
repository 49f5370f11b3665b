package dotenv

import (
	"strings"
	"testing"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	vars, err := Parse([]byte("\ufeff# c\n\nexport A=1 # note\r\nB='x y'\nC=\"l1\nl2\"\nD: $A\nE=\nF = v\n A.B=2\nexport\tG=3\nA=2"))
	require.Nil(t, err)
	assert.Equal(t, map[string]string{"A": "2", "B": "x y", "C": "l1\nl2", "D": "1", "E": "", "F": "v", "A.B": "2", "G": "3"}, vars)
	vars, err = Parse(nil)
	require.Nil(t, err)
	assert.Empty(t, vars)
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		line   int
		reason string
	}{
		"a dash":                {"A=1\nB=\"x\ny\"\nmy-db=2", 4, "only ASCII"},
		"a letter beyond ASCII": {"A=1\n\nklé=2", 3, "only ASCII"},
		"a space within":        {"A=1\nMY DB=2", 2, "only ASCII"},
		"no sign":               {"A=1\nB\nC=1", 2, "no ="},
		"no sign at the end":    {"A=1\nB", 2, "no ="},
		"no name":               {"\n=1", 2, "no name"},
		"export alone":          {"export=1\nexport =1\nexport B", 3, "no ="},
		"an open quote":         {"A=1\r\nB='x\ny\nz", 2, "a quote"},
		"an escaped quote":      {"A=\"x\\\"", 1, "a quote"},
		"after a quote":         {"A=\"x\" y", 1, "no ="},
		"not UTF-8":             {"A=1\nB=\xff", 2, "UTF-8"},
		"too large":             {"A=" + strings.Repeat("x", MaxSize), 1, "1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			vars, err := Parse([]byte(c.text))
			require.NotNil(t, err)
			assert.Empty(t, vars)
			assert.Equal(t, c.line, err.Line)
			assert.Contains(t, err.Error(), c.reason)
		})
	}
}

func TestParseOfCommentsOnly(t *testing.T) {
	vars, err := Parse([]byte(strings.Repeat("#\n", MaxSize/2)))
	require.Nil(t, err)
	assert.Empty(t, vars)
}

// Whatever the walk lets through, godotenv reads; so no file is refused without a line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "A=1", "export A='x'\n#c\nB=\"a\\\"b\"", "A=\"x\ny\" # c\nB: 2", "A", "=", "A=$B ${A} $(C)", "export\n", "A=\\\"x\n\"", "\r\r=\n", "A='\\'\n'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, mine := Parse([]byte(text))
		if mine != nil {
			assert.LessOrEqual(t, mine.Line, 1+strings.Count(text, "\n"))
			assert.GreaterOrEqual(t, mine.Line, 1)
			assert.NotEqual(t, "not a .env file in the conventional dialect", mine.Reason, "the walk missed what godotenv refuses")
			return
		}
		_, theirs := godotenv.Unmarshal(strings.TrimPrefix(text, "\ufeff"))
		assert.NoError(t, theirs)
	})
}
