package localfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/localfs"
)

const planted = "pLanted5ecret"

func variable(t testing.TB, b *localfs.Backend, key string) string {
	t.Helper()
	text, err := b.GetVariable(t.Context(), key)
	require.NoError(t, err)
	return text
}

func TestNoPathHoldsNothing(t *testing.T) {
	for name, b := range map[string]*localfs.Backend{
		"none":  func() *localfs.Backend { b, _ := localfs.New(nil); return b }(),
		"blank": open(t, localfs.Options{ConnectionsFile: " ", VariablesFile: "", ConfigDir: "\t"}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.GetConnections(t.Context(), "x")
			assert.ErrorIs(t, err, secrets.ErrNotFound)
			_, err = b.GetVariable(t.Context(), "x")
			assert.ErrorIs(t, err, secrets.ErrNotFound)
			_, err = b.GetConfig(t.Context(), "x")
			assert.ErrorIs(t, err, secrets.ErrNotFound)
			assert.NoError(t, b.Check(t.Context()))
			_, ok := b.StoreName(secrets.KindVariable, "x")
			assert.False(t, ok)
			names, err := b.List(t.Context(), secrets.KindVariable)
			assert.NoError(t, err)
			assert.Empty(t, names)
			found, err := b.GetVariables(t.Context(), []string{"x"})
			assert.NoError(t, err)
			assert.Empty(t, found)
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, opts := range map[string]localfs.Options{
		"another extension":    {ConnectionsFile: "/x/conns.toml"},
		"no extension":         {VariablesFile: "/x/vars"},
		"a file and directory": {ConfigFile: "/x/c.env", ConfigDir: "/x"},
		"a connection as path": {ConnectionsFile: "mysql://u:" + planted + "@host"},
		"a bad team":           {Team: "a"},
		"a size below zero":    {VariablesFile: "/x/v.env", MaxSize: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := localfs.New(&opts)
			assert.ErrorIs(t, err, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestMissingFileIsAnOutage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.json")
	for _, b := range []*localfs.Backend{
		open(t, localfs.Options{VariablesFile: path}),
		open(t, localfs.Options{VariablesDir: path}),
	} {
		_, err := b.GetVariable(t.Context(), "x")
		assert.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.NotErrorIs(t, err, secrets.ErrNotFound)
		assert.ErrorContains(t, err, path+": does not exist")
		assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrUnavailable)
	}
}

func TestOneBadEntry(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "c.json"), `{"good": "mysql://h", "bad": "mysql://h:x"}`)
	b := open(t, localfs.Options{ConnectionsFile: path})
	_, err := b.GetConnections(t.Context(), "good")
	assert.NoError(t, err)
	_, err = b.GetConnections(t.Context(), "bad")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = b.GetConnections(t.Context(), "absent")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrMalformed)
	names, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Equal(t, []string{"good"}, names)
	found, err := b.GetConnectionMap(t.Context(), []string{"good", "bad", "absent"})
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Equal(t, []string{"good"}, slices.Collect(maps.Keys(found)))

	strict := open(t, localfs.Options{ConnectionsFile: path, OnMistake: localfs.FailFile})
	for _, id := range []string{"good", "bad", "absent"} {
		_, err = strict.GetConnections(t.Context(), id)
		assert.ErrorIs(t, err, secrets.ErrMalformed, id)
	}
	_, err = strict.List(t.Context(), secrets.KindConnection)
	assert.ErrorIs(t, err, secrets.ErrMalformed)
}

func TestDamagedVersion(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "v.json"), `{"key": "one"}`)
	var log bytes.Buffer
	opts := localfs.Options{VariablesFile: path, Interval: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	b := open(t, opts)
	opts.OnMistake = localfs.FailFile
	strict := open(t, opts)
	assert.Equal(t, "one", variable(t, b, "key"))
	assert.Equal(t, "one", variable(t, strict, "key"))
	assert.Empty(t, log.String())

	for _, damage := range []string{`{"key": "` + planted, `{"key": "two", "twice": "` + planted + `", "twice": 1}`} {
		replace(t, path, damage)
		assert.Equal(t, "one", variable(t, b, "key"), "the last good version answers, as a whole")
		_, err := b.GetVariable(t.Context(), "twice")
		assert.ErrorIs(t, err, secrets.ErrNotFound)
		_, err = strict.GetVariable(t.Context(), "key")
		assert.ErrorIs(t, err, secrets.ErrMalformed)
		err = b.Check(t.Context())
		assert.ErrorIs(t, err, secrets.ErrMalformed)
		assert.ErrorContains(t, err, path+": line 1")
		backendtest.NoLeak(t, planted, err, b, log.String())
	}
	assert.Equal(t, 4, strings.Count(log.String(), "level=WARN"), "each mistake is logged once by each backend")

	require.NoError(t, os.Remove(path))
	assert.Equal(t, "one", variable(t, b, "key"))
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrUnavailable)
	_, err := strict.GetVariable(t.Context(), "key")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)

	replace(t, path, `{"key": "three"}`)
	assert.Equal(t, "three", variable(t, b, "key"))
	assert.Equal(t, "three", variable(t, strict, "key"))
	assert.NoError(t, b.Check(t.Context()))
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) { write(t, filepath.Join(dir, name), text) }
	put("plain", "v")
	put("unix", "v\n")
	put("dos", "v\r\n")
	put("two", "v\n\n")
	put("blank", "")
	put("binary", "\x00"+planted)
	put("latin", planted+"\xff")
	put("large", strings.Repeat(planted, backend.MaxText/len(planted)+1))
	put("db", "mysql://host\n")
	put("both", "mysql://u:"+planted+"/@h:1")
	put("..ignored", "v")
	b := open(t, localfs.Options{VariablesDir: dir, ConnectionsDir: dir, Interval: -1})
	for key, want := range map[string]string{"plain": "v", "unix": "v", "dos": "v", "two": "v\n", "blank": ""} {
		assert.Equal(t, want, variable(t, b, key), key)
	}
	for _, key := range []string{"binary", "latin", "large"} {
		_, err := b.GetVariable(t.Context(), key)
		assert.ErrorIs(t, err, secrets.ErrMalformed, key)
		assert.ErrorContains(t, err, filepath.Join(dir, key))
		backendtest.NoLeak(t, planted, err)
	}
	for _, key := range []string{"..ignored", "absent", "../" + filepath.Base(dir) + "/plain", "./plain"} {
		_, err := b.GetVariable(t.Context(), key)
		assert.ErrorIs(t, err, secrets.ErrNotFound, key)
	}
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "host", conns[0].Host)
	_, err = b.GetConnections(t.Context(), "blank")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	names, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Equal(t, []string{"db"}, names)
	err = b.Check(t.Context())
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, planted, err, b)

	exact := open(t, localfs.Options{VariablesDir: dir, KeepFinalNewline: true})
	assert.Equal(t, "v\r\n", variable(t, exact, "dos"))

	put("plain", "\xff")
	assert.Equal(t, "v", variable(t, b, "plain"), "the last good version of the file answers")
	strict := open(t, localfs.Options{VariablesDir: dir, OnMistake: localfs.FailFile})
	_, err = strict.GetVariable(t.Context(), "plain")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Equal(t, "v", variable(t, strict, "unix"), "each file stands for itself")
}

func TestOneDirectoryForAllKinds(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "db"), "mysql://host\n")
	write(t, filepath.Join(dir, "hello"), planted)
	var log bytes.Buffer
	b := open(t, localfs.Options{ConnectionsDir: dir + "/", VariablesDir: dir, ConfigDir: dir, Interval: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	assert.True(t, variable(t, b, "hello") == planted)
	_, err := b.GetConnections(t.Context(), "hello")
	assert.ErrorIs(t, err, secrets.ErrMalformed, "asked for as a connection it is one that cannot be used")
	assert.NoError(t, b.Check(t.Context()), "and a healthy variable")
	assert.Empty(t, log.String())
	write(t, filepath.Join(dir, "bytes"), "\xff")
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrMalformed)
	assert.Contains(t, log.String(), "bytes")

	alone := open(t, localfs.Options{ConnectionsDir: dir})
	assert.ErrorIs(t, alone.Check(t.Context()), secrets.ErrMalformed)
}

func TestAccess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "v.env"), "KEY="+planted)
	var log bytes.Buffer
	opts := localfs.Options{VariablesFile: path, Interval: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	opts.Access = localfs.Private
	private := open(t, opts)
	opts.Access = localfs.WarnPublic
	warn := open(t, opts)
	opts.Access = localfs.AnyAccess
	anyone := open(t, opts)
	for _, b := range []*localfs.Backend{private, warn, anyone} {
		assert.True(t, variable(t, b, "KEY") == planted)
	}
	assert.Empty(t, log.String())

	require.NoError(t, os.Chmod(path, 0o644))
	_, err := private.GetVariable(t.Context(), "KEY")
	assert.ErrorIs(t, err, secrets.ErrDenied, "nothing goes on answering after a refusal")
	assert.ErrorContains(t, err, "chmod o-r")
	assert.ErrorIs(t, private.Check(t.Context()), secrets.ErrDenied)
	assert.True(t, variable(t, warn, "KEY") == planted)
	assert.Contains(t, log.String(), "everybody on this machine can read")
	assert.True(t, variable(t, anyone, "KEY") == planted)
	backendtest.NoLeak(t, planted, err, log.String())

	require.NoError(t, os.Chmod(path, 0o640))
	assert.True(t, variable(t, private, "KEY") == planted)

	write(t, filepath.Join(dir, "public"), "v")
	require.NoError(t, os.Chmod(filepath.Join(dir, "public"), 0o604))
	b := open(t, localfs.Options{VariablesDir: dir, Access: localfs.Private})
	_, err = b.GetVariable(t.Context(), "public")
	assert.ErrorIs(t, err, secrets.ErrDenied)
	assert.NotEmpty(t, variable(t, b, "v.env"))
}

func TestTeam(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "v.json"), `{"team-a___db": "team", "db": "shared", "common": "c", "other___db": "o", "_x": "x"}`)
	b := open(t, localfs.Options{VariablesFile: path, ConfigFile: path, Team: "team-a"})
	assert.Equal(t, "team", variable(t, b, "db"))
	assert.Equal(t, "c", variable(t, b, "common"))
	assert.Equal(t, "x", variable(t, b, "_x"))
	_, err := b.GetVariable(t.Context(), "other___db")
	assert.ErrorIs(t, err, secrets.ErrDenied)
	text, err := b.GetConfig(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "shared", text, "configuration is no team's")
	name, ok := b.StoreName(secrets.KindVariable, "db")
	assert.True(t, ok)
	assert.Equal(t, "team-a___db", name)
	names, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	slices.Sort(names)
	assert.Equal(t, []string{"_x", "common", "db"}, names)
	assert.Equal(t, "o", variable(t, open(t, localfs.Options{VariablesFile: path}), "other___db"))
}

func TestConfigUnwrapsOne(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "k.json"), `{"one": ["x"], "number": [1], "two": ["x", "y"], "none": [], "null": null, "object": {"a" : [ 1 ]}, "escaped": ["\n"]}`)
	b := open(t, localfs.Options{ConfigFile: path, VariablesFile: path})
	for key, want := range map[string]string{"one": "x", "number": "1", "two": `["x","y"]`, "none": "[]", "null": "null", "object": `{"a":[1]}`, "escaped": "\n"} {
		text, err := b.GetConfig(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, want, text, key)
	}
	assert.Equal(t, `["x"]`, variable(t, b, "one"))
}

func TestConventionalDialect(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "v.env"), "export A='x y' # note\nB=\"$A\"\n")
	b := open(t, localfs.Options{VariablesFile: path, Dotenv: true})
	assert.Equal(t, "x y", variable(t, b, "A"))
	assert.Equal(t, "x y", variable(t, b, "B"))
	airflow := open(t, localfs.Options{VariablesFile: path})
	assert.Equal(t, "'x y' # note", variable(t, airflow, "export A"))

	write(t, path, "A=1\nB='"+planted)
	_, err := open(t, localfs.Options{VariablesFile: path, Dotenv: true}).GetVariable(t.Context(), "A")
	assert.ErrorContains(t, err, "line 2: a quote without an end")
	backendtest.NoLeak(t, planted, err)
}

func TestDriver(t *testing.T) {
	dir := t.TempDir()
	vars := write(t, filepath.Join(dir, "v.json"), `{"key": "v"}`)
	for _, name := range []string{"localfs", "airflow.secrets.local_filesystem.LocalFilesystemBackend"} {
		b, err := backend.Open(t.Context(), name, fmt.Appendf(nil, `{"variables_file_path": %q, "connections_file_path": null, "configs_file_path": ""}`, vars))
		require.NoError(t, err)
		text, err := b.GetVariable(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "v", text)
		_, err = b.GetConnections(t.Context(), "key")
		assert.ErrorIs(t, err, secrets.ErrNotFound)
	}
	_, err := backend.Open(t.Context(), "localfs", []byte(`{"connection_file_path": "/x.env"}`))
	assert.ErrorContains(t, err, `did you mean "connections_file_path"?`)
	_, err = backend.Open(t.Context(), "localfs", []byte(`{"connections_file_path": "/x.txt"}`))
	assert.ErrorContains(t, err, ".env, .json, .yaml or .yml")
}

func TestManyEntries(t *testing.T) {
	const n = 100_000
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "CONN_%d=mysql://login:password@host-%d:3306/db\n", i, i)
	}
	b := open(t, localfs.Options{ConnectionsFile: write(t, filepath.Join(t.TempDir(), "c.env"), lines.String())})
	for _, i := range []int{0, n / 2, n - 1} {
		conns, err := b.GetConnections(t.Context(), fmt.Sprintf("CONN_%d", i))
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("host-%d", i), conns[0].Host)
	}
	names, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Len(t, names, n)
}

func TestSize(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "v.env"), "KEY="+planted)
	_, err := open(t, localfs.Options{VariablesFile: path, MaxSize: 5}).GetVariable(t.Context(), "KEY")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.ErrorContains(t, err, "larger than 5 bytes")
	assert.False(t, errors.Is(err, secrets.ErrUnavailable))
}

// What a batch reads is of one version of the file, whatever happens meanwhile.
func TestBatchIsOfOneVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.json")
	put := func(n int) { replace(t, path, fmt.Sprintf(`{"user": "%d", "password": "%d"}`, n, n)) }
	put(0)
	b := open(t, localfs.Options{VariablesFile: path, Interval: -1})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				found, err := b.GetVariables(t.Context(), []string{"user", "password"})
				if !assert.NoError(t, err) || !assert.Len(t, found, 2) || !assert.Equal(t, found["user"], found["password"]) {
					return
				}
			}
		})
	}
	for n := range 200 {
		put(n)
	}
	close(stop)
	wg.Wait()
	assert.Equal(t, "199", variable(t, b, "user"))
}
