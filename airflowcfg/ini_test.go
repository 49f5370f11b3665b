package airflowcfg

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// configparserCase is what Python's configparser reads from a text; testdata/generate.py writes them.
type configparserCase struct {
	Name, Text string
	Sections   map[string]map[string]struct{ Value, Error string }
	Error      string // the file is refused
	Line       int    // at this line
}

func configparserCases(t testing.TB) (cases []configparserCase) {
	t.Helper()
	text, err := os.ReadFile("testdata/configparser.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases), 90)
	return cases
}

// What Python reads we read, and what it refuses we refuse, at the same line.
func TestReadsAsPython(t *testing.T) {
	for _, tt := range configparserCases(t) {
		t.Run(tt.Name, func(t *testing.T) {
			f, err := parse("airflow.cfg", tt.Text)
			if tt.Error != "" {
				var e *Error
				require.ErrorAs(t, err, &e, "Python answers %s", tt.Error)
				require.ErrorIs(t, err, secrets.ErrMalformed)
				assert.Equal(t, Source{File: "airflow.cfg", Line: tt.Line}, e.Source)
				return
			}
			require.NoError(t, err)
			for name, options := range tt.Sections {
				require.Contains(t, f.sections, name)
				for key, want := range options {
					got, line, found, err := f.get(name, key)
					require.True(t, found, "%s %s", name, key)
					assert.Positive(t, line)
					if want.Error != "" {
						assert.Error(t, err, "%s %s: Python answers %s", name, key, want.Error)
						continue
					}
					require.NoError(t, err, "%s %s", name, key)
					assert.Equal(t, want.Value, got, "%s %s", name, key)
				}
				for key := range f.sections[name] {
					assert.Contains(t, options, key)
				}
			}
			for name := range f.sections {
				if name != defaultSection {
					assert.Contains(t, tt.Sections, name)
				}
			}
		})
	}
}

func TestLineOfAnOption(t *testing.T) {
	f, err := parse("f", "# comment\n[a]\n\nx =\n  1\n  2\r\ny = 3\r[DEFAULT]\nz = 4\n")
	require.NoError(t, err)
	for key, want := range map[string]int{"x": 4, "y": 7, "z": 9} {
		_, line, found, err := f.get("a", key)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, want, line, key)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()

	t.Run("missing", func(t *testing.T) {
		f, err := readFile(filepath.Join(dir, "missing.cfg"))
		require.NoError(t, err)
		_, _, found, err := f.get("core", "fernet_key")
		require.NoError(t, err)
		assert.False(t, found)
	})
	t.Run("a folder", func(t *testing.T) {
		_, err := readFile(dir)
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.Equal(t, 1, strings.Count(err.Error(), dir), "the path, once: %v", err)
	})
	t.Run("not allowed", func(t *testing.T) {
		path := filepath.Join(dir, "closed.cfg")
		require.NoError(t, os.WriteFile(path, nil, 0))
		if f, err := os.Open(path); err == nil { // an administrator may read everything
			f.Close()
			require.ErrorIs(t, unreadable(path, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission}), secrets.ErrDenied)
			return
		}
		_, err := readFile(path)
		require.ErrorIs(t, err, secrets.ErrDenied)
	})
	t.Run("too long", func(t *testing.T) {
		path := filepath.Join(dir, "long.cfg")
		require.NoError(t, os.WriteFile(path, make([]byte, maxFile+1), 0o600))
		_, err := readFile(path)
		require.ErrorIs(t, err, secrets.ErrMalformed)
	})
	t.Run("not text", func(t *testing.T) {
		path := filepath.Join(dir, "latin1.cfg")
		require.NoError(t, os.WriteFile(path, []byte("[a]\nx = \xe4\n"), 0o600))
		_, err := readFile(path)
		require.ErrorIs(t, err, secrets.ErrMalformed)
		assert.EqualError(t, err, "airflow configuration: "+path+":2: malformed: the line is not UTF-8 text")
	})
}

// Values that multiply through references end in an error, soon, also where what they refer to is blank.
func TestReferencesAreBounded(t *testing.T) {
	for name, seed := range map[string]string{"long": strings.Repeat("x", 1000), "blank": ""} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString("[a]\nk0 = " + seed + "\n")
			for i := range 8 {
				text.WriteString("k" + string(rune('1'+i)) + " = " + strings.Repeat("%(k"+string(rune('0'+i))+")s", 100) + "\n")
			}
			f, err := parse("f", text.String())
			require.NoError(t, err)
			_, _, _, err = f.get("a", "k8")
			require.ErrorIs(t, err, errTooLong)
		})
	}
	f, err := parse("f", "[a]\nlarge = "+strings.Repeat("x", maxValue/8)+"\nfew = "+strings.Repeat("%(large)s", 9)+"\nring = %(ring)s\n")
	require.NoError(t, err)
	_, _, _, err = f.get("a", "few")
	require.ErrorIs(t, err, errTooLong, "few references may be large")
	_, _, _, err = f.get("a", "ring")
	require.ErrorIs(t, err, errDepth)
}

// FuzzRead: no panic, no endless work, every option has a line in the file, and no error shows what the file holds.
func FuzzRead(f *testing.F) {
	for _, tt := range configparserCases(f) {
		f.Add(tt.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			t.Skip("long texts are in TestReadFile")
		}
		const planted = "hunter2hunter2hunter2"
		text = strings.ReplaceAll(text, "1", planted)
		file, err := parse("airflow.cfg", text)
		if err != nil {
			var e *Error
			require.True(t, errors.As(err, &e))
			require.NotContains(t, err.Error(), planted)
			return
		}
		count := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for name, options := range file.sections {
			for key, e := range options {
				require.True(t, e.line > 0 && e.line <= count)
				require.Equal(t, trim(key), key)
				if _, _, _, err := file.get(name, key); err != nil {
					require.NotContains(t, err.Error(), planted)
				}
			}
		}
	})
}
