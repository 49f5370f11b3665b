package secrets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// marked is a block of the README with the comment above it, which says where its text comes from:
// a file, or a command's output, with the environment before it.
var marked = regexp.MustCompile("(?ms)^(<!-- (file|run): ([^\n]+) -->\n```[a-z]*\n)(.*?)^```$")

// TestReadme holds the README to what its programs really are and print.
// UPDATE_README=1 writes what it finds into the README instead.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := marked.FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(blocks), 3)
	updated := string(text)
	for _, b := range blocks {
		head, what, source, shown := b[1], b[2], b[3], b[4]
		t.Run(source, func(t *testing.T) {
			var want string
			if what == "file" {
				file, err := os.ReadFile(filepath.FromSlash(source))
				require.NoError(t, err)
				want = string(file)
			} else {
				want = output(t, source)
			}
			want = strings.ReplaceAll(want, "\r\n", "\n")
			if os.Getenv("UPDATE_README") != "" {
				updated = strings.Replace(updated, b[0], head+want+"```", 1)
				return
			}
			assert.Equal(t, want, shown)
		})
	}
	if updated != string(text) {
		require.NoError(t, os.WriteFile("README.md", []byte(updated), 0o644))
	}
}

func output(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	environment := os.Environ()
	for strings.Contains(words[0], "=") {
		environment, words = append(environment, words[0]), words[1:]
	}
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Env = environment
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	return string(out)
}
