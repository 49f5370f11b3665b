package localfs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/localfs"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB, opts localfs.Options) *localfs.Backend {
	t.Helper()
	b, err := localfs.New(&opts)
	require.NoError(t, err)
	return b
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// replace puts a new file in the place of an old one, as careful writers do.
func replace(t testing.TB, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	require.NoError(t, os.Rename(path+".new", path))
}

// formats write what the suite wants a store to hold.
var formats = map[string]func(t *testing.T, c backendtest.Content) localfs.Options{
	"airflow env": func(t *testing.T, c backendtest.Content) localfs.Options {
		dir := t.TempDir()
		lines := func(file string, values map[string][]string) string {
			var b strings.Builder
			for key, list := range values {
				for _, value := range list {
					b.WriteString(key + "=" + value + "\n")
				}
			}
			return write(t, filepath.Join(dir, file), b.String())
		}
		return localfs.Options{ConnectionsFile: lines("c.env", c.Connections), VariablesFile: lines("v.env", lists(c.Variables)),
			ConfigFile: lines("k.env", lists(c.Config))}
	},
	"json": func(t *testing.T, c backendtest.Content) localfs.Options {
		return encoded(t, c, ".json", json.Marshal)
	},
	"yaml": func(t *testing.T, c backendtest.Content) localfs.Options {
		return encoded(t, c, ".yaml", yaml.Marshal)
	},
	"directory": func(t *testing.T, c backendtest.Content) localfs.Options {
		dir := t.TempDir()
		files := func(sub string, values map[string][]string) string {
			path := filepath.Join(dir, sub)
			require.NoError(t, os.Mkdir(path, 0o700))
			for key, list := range values {
				write(t, filepath.Join(path, key), list[0]+"\n")
			}
			return path
		}
		return localfs.Options{ConnectionsDir: files("c", c.Connections), VariablesDir: files("v", lists(c.Variables)),
			ConfigDir: files("k", lists(c.Config))}
	},
	"conventional env": func(t *testing.T, c backendtest.Content) localfs.Options {
		dir := t.TempDir()
		lines := func(file string, values map[string][]string) string {
			var b strings.Builder
			for key, list := range values {
				for _, value := range list {
					b.WriteString(key + `="` + strings.ReplaceAll(value, `"`, `\"`) + "\"\n")
				}
			}
			return write(t, filepath.Join(dir, file), b.String())
		}
		return localfs.Options{Dotenv: true, ConnectionsFile: lines("c.env", c.Connections), VariablesFile: lines("v.env", lists(c.Variables)),
			ConfigFile: lines("k.env", lists(c.Config))}
	},
}

func lists(values map[string]string) map[string][]string {
	all := map[string][]string{}
	for key, value := range values {
		all[key] = []string{value}
	}
	return all
}

func encoded(t *testing.T, c backendtest.Content, ext string, encode func(any) ([]byte, error)) localfs.Options {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, value any) string {
		data, err := encode(value)
		require.NoError(t, err)
		if string(data) == "null" || string(data) == "null\n" {
			data = []byte("{}")
		}
		return write(t, filepath.Join(dir, name+ext), string(data))
	}
	return localfs.Options{ConnectionsFile: file("c", c.Connections), VariablesFile: file("v", c.Variables), ConfigFile: file("k", c.Config)}
}

func TestConformance(t *testing.T) {
	for name, content := range formats {
		t.Run(name, func(t *testing.T) {
			raw := name == "airflow env"
			backendtest.Run(t, backendtest.Harness{
				Make: func(t *testing.T, c backendtest.Content) secrets.Backend { return open(t, content(t, c)) },
				Fail: func(t *testing.T, class error) secrets.Backend {
					opts := content(t, backendtest.Content{})
					switch class {
					case secrets.ErrUnavailable:
						for _, path := range []*string{&opts.ConnectionsFile, &opts.VariablesFile, &opts.ConfigFile, &opts.ConnectionsDir, &opts.VariablesDir, &opts.ConfigDir} {
							if *path != "" {
								require.NoError(t, os.RemoveAll(*path))
							}
						}
					case secrets.ErrDenied:
						if name == "directory" || runtime.GOOS == "windows" {
							return nil
						}
						opts.Access = localfs.Private
						for _, path := range []string{opts.ConnectionsFile, opts.VariablesFile, opts.ConfigFile} {
							require.NoError(t, os.Chmod(path, 0o644))
						}
					}
					return open(t, opts)
				},
				Holds: func(_ secrets.Kind, id string) bool {
					switch name {
					case "airflow env":
						return id[0] != '#'
					case "directory":
						return !strings.Contains(id, "/") && (runtime.GOOS != "windows" || !strings.ContainsAny(id, `:\`))
					case "conventional env":
						return !strings.ContainsFunc(id, func(r rune) bool { return r > 'z' || r < '.' || strings.ContainsRune(`/:\`, r) })
					}
					return true
				},
				OneConnection: name == "directory" || name == "conventional env",
				NoBlanks:      raw,
				TrimsValues:   raw || name == "conventional env",
			})
		})
	}
}
