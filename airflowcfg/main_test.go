package airflowcfg_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
	"github.com/secretchain/secrets/backend"
	_ "github.com/secretchain/secrets/envbackend"
	"github.com/secretchain/secrets/internal/leaktest"
	_ "github.com/secretchain/secrets/localfs"
)

// TestMain also is the program that commands in the tests run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "run-") {
		program(os.Args[1], os.Args[2:])
	}
	for _, entry := range os.Environ() { // what a developer's machine has set must not change the tests
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AIRFLOW") {
			os.Unsetenv(name)
		}
	}
	leaktest.Main(m)
}

func program(name string, args []string) {
	switch name {
	case "run-print":
		fmt.Println(strings.Join(args, "|"))
	case "run-nothing":
	case "run-fail":
		fmt.Println(planted)
		fmt.Fprintln(os.Stderr, planted)
		os.Exit(3)
	case "run-flood":
		block := strings.Repeat("x", 1<<16)
		for {
			if _, err := fmt.Print(block); err != nil {
				os.Exit(1)
			}
		}
	case "run-hang":
		fmt.Println(planted)
		time.Sleep(time.Hour)
	}
	os.Exit(0)
}

// command is a command line that runs program. Where there is an echo it prints in its place: it starts faster.
func command(name string, args ...string) string {
	line := "'" + os.Args[0] + "' " + name
	if echo, err := exec.LookPath("echo"); err == nil && name == "run-print" {
		line = "'" + echo + "'"
	}
	for _, arg := range args {
		line += " '" + arg + "'"
	}
	return line
}

// planted stands in for secrets, and must never be seen in errors or descriptions.
const planted = "hunter2-planted"

// fakeArgs are the arguments of the custom backend of these tests.
type fakeArgs struct {
	URL      string            `json:"url"`
	Token    secrets.Secret    `json:"token"`
	Retries  int               `json:"retries"`
	Verify   *bool             `json:"verify"`
	Prefix   backend.Prefix    `json:"prefix"`
	Config   map[string]string `json:"config"` // what GetConfig answers
	FullMode *bool             `json:"full_url_mode"`
}

func (*fakeArgs) KwargHints() map[string]string {
	return map[string]string{"old_url": "it is now url"}
}

// fake is what the drivers of these tests open: it holds what it was opened with.
type fake struct {
	driver string
	args   fakeArgs
	kwargs map[string]string // of the metastore
	logger *slog.Logger

	mu     sync.Mutex
	asked  []string
	closed int
}

// last is the fake that a driver opened last. Tests that use it do not run in parallel.
var last = map[string]*fake{}

var (
	errConfig   error // what the custom backend's GetConfig fails with
	errVariable error // what GetVariable fails with
)

func init() {
	register := func(name string, classPaths []string, fill func(f *fake, kwargs json.RawMessage) error) {
		backend.RegisterLogged(backend.Driver{Name: name, ClassPaths: classPaths},
			func(_ context.Context, kwargs json.RawMessage, logger *slog.Logger) (secrets.Backend, error) {
				f := &fake{driver: name, logger: logger}
				if err := fill(f, kwargs); err != nil {
					return nil, err
				}
				last[name] = f
				return f, nil
			})
	}
	register("fakestore", []string{"test.FakeBackend"}, func(f *fake, kwargs json.RawMessage) error {
		return backend.DecodeKwargs(kwargs, &f.args)
	})
	register("metastore", backend.ClassPaths("metastore"), func(f *fake, kwargs json.RawMessage) error {
		var args struct {
			Conn string `json:"sql_alchemy_conn"`
			Key  string `json:"fernet_key"`
		}
		if err := backend.DecodeKwargs(kwargs, &args); err != nil {
			return err
		}
		if strings.HasPrefix(args.Conn, "bad") {
			return fmt.Errorf("%w: unknown dialect", secrets.ErrMalformed)
		}
		if strings.HasPrefix(args.Conn, "missing") {
			return fmt.Errorf("%w: the dialect is not imported", secrets.ErrUnavailable)
		}
		if strings.HasPrefix(args.Key, "bad") {
			return fmt.Errorf("%w: bad key", secrets.ErrMalformed)
		}
		return json.Unmarshal(kwargs, &f.kwargs)
	})
}

func (f *fake) GetConnections(_ context.Context, id string) ([]secrets.Connection, error) {
	return nil, &secrets.Error{Op: "get", Kind: secrets.KindConnection, ID: id, Err: secrets.ErrNotFound}
}

func (f *fake) GetConnURI(_ context.Context, id string) (string, error) {
	return "", &secrets.Error{Op: "get", Kind: secrets.KindConnection, ID: id, Err: secrets.ErrNotFound}
}

// GetVariable answers the key "layer:<driver>" with the driver's name.
func (f *fake) GetVariable(_ context.Context, key string) (string, error) {
	f.mu.Lock()
	f.asked = append(f.asked, key)
	f.mu.Unlock()
	if errVariable != nil {
		return "", &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: key, Err: errVariable}
	}
	if key == "layer:"+f.driver {
		return f.driver, nil
	}
	return "", &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: key, Err: secrets.ErrNotFound}
}

func (f *fake) GetConfig(_ context.Context, key string) (string, error) {
	if f.driver != "fakestore" {
		return "", &secrets.Error{Op: "get", Kind: secrets.KindConfig, ID: key, Err: secrets.ErrNotFound}
	}
	f.mu.Lock()
	f.asked = append(f.asked, "config:"+key)
	f.mu.Unlock()
	if errConfig != nil {
		return "", &secrets.Error{Op: "get", Kind: secrets.KindConfig, ID: key, Err: errConfig}
	}
	if text, ok := f.args.Config[key]; ok {
		return text, nil
	}
	return "", &secrets.Error{Op: "get", Kind: secrets.KindConfig, ID: key, Err: secrets.ErrNotFound}
}

func (f *fake) Close() error {
	f.closed++
	return nil
}

// setup is a configuration in a test.
type setup struct {
	file string // "": none
	env  map[string]string
	airflowcfg.Options
}

// options makes the Options of a setup. The environment is never the process's own.
func (s setup) options(t testing.TB) *airflowcfg.Options {
	t.Helper()
	clear(last)
	opts := s.Options
	opts.Path = filepath.Join(t.TempDir(), "airflow.cfg")
	if s.file != "" {
		require.NoError(t, os.WriteFile(opts.Path, []byte(s.file), 0o600))
	}
	opts.Environ = func(name string) (string, bool) {
		value, ok := s.env[name]
		return value, ok
	}
	return &opts
}

// open opens the chain of a setup, and closes it when the test ends.
func (s setup) open(t testing.TB) *secrets.Chain {
	t.Helper()
	chain, err := airflowcfg.Open(t.Context(), s.options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, chain.Close()) })
	return chain
}

// fails opens a setup that must fail, and returns the error's text without the folder.
func (s setup) fails(t testing.TB, class error) string {
	t.Helper()
	opts := s.options(t)
	chain, err := airflowcfg.Open(t.Context(), opts)
	require.Nil(t, chain)
	require.ErrorIs(t, err, class)
	var e *airflowcfg.Error
	require.ErrorAs(t, err, &e)
	require.NotContains(t, err.Error(), planted)
	return strings.ReplaceAll(err.Error(), filepath.Dir(opts.Path)+string(filepath.Separator), "")
}

// layersOf are the layers of a chain, in order, as a lookup of nothing meets them.
func layersOf(t testing.TB, chain *secrets.Chain) (names []string) {
	t.Helper()
	tried, err := chain.Explain(t.Context(), secrets.KindVariable, "absent")
	require.NoError(t, err)
	for _, attempt := range tried {
		names = append(names, attempt.Layer)
	}
	return names
}
