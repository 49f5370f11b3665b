package metastoretest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/metastore"
)

const (
	roleVariable = "SECRETS_METASTORE_TEST_ROLE" // what a child process does
	dsnVariable  = "SECRETS_METASTORE_TEST_DSN"
)

// Main is TestMain: it runs the tests, or, in a process that a test started, the child's part. Afterwards no goroutine of ours
// may be left.
func Main(m *testing.M, open func(ctx context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error)) {
	role, ok := os.LookupEnv(roleVariable)
	if !ok {
		leaktest.Main(m)
		return
	}
	if err := child(role, open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child does what role says: "migrate", "write NAME" or "rotate".
func child(role string, open func(ctx context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error)) error {
	ctx := context.Background()
	store, err := open(ctx, os.Getenv(dsnVariable), &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Println("ready")
	switch role, name, _ := strings.Cut(role, " "); role {
	case "migrate":
		return store.Migrate(ctx)
	case "rotate":
		for { // until killed
			if _, err := store.RotateFernetKeys(ctx); err != nil {
				return err
			}
		}
	case "write":
		for i := range 50 {
			if err := store.SetVariable(ctx, fmt.Sprintf("%s_%d", name, i), fmt.Sprint(i)); err != nil {
				return err
			}
			if err := store.SetConnection(ctx, secrets.Connection{ID: "both", Host: name, Login: name}); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("no such role")
}

func start(t *testing.T, role, dsn string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // a child that hangs is killed, and fails the test
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dsnVariable+"="+dsn)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	return cmd
}

func testProcesses(t *testing.T, s Server) {
	t.Run("two migrate at once, then write beside a third", func(t *testing.T) {
		dsn := s.Fresh(t)
		first, second := start(t, "migrate", dsn), start(t, "migrate", dsn)
		require.NoError(t, first.Wait())
		require.NoError(t, second.Wait())

		store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
		first, second = start(t, "write a", dsn), start(t, "write b", dsn)
		for i := range 50 {
			require.NoError(t, store.SetVariable(t.Context(), fmt.Sprintf("c_%d", i), fmt.Sprint(i)))
			conns, err := store.GetConnections(t.Context(), "both")
			if err == nil {
				assert.Equal(t, conns[0].Host, conns[0].Login, "a mixture of two writes")
			}
		}
		require.NoError(t, first.Wait())
		require.NoError(t, second.Wait())
		assert.Equal(t, 150, s.count(t, dsn, "variable"))
		assert.Equal(t, 1, s.count(t, dsn, "connection"))
		for _, name := range []string{"a_49", "b_49", "c_49"} {
			value, err := store.GetVariable(t.Context(), name)
			require.NoError(t, err)
			assert.Equal(t, "49", value)
		}
	})
	t.Run("a rotation is killed", func(t *testing.T) {
		const n = 2000
		dsn := s.migrated(t)
		s.bulk(t, dsn, 1) // so that what is not encrypted is left alone
		s.sealed(t, dsn, olderKey, n)
		watch := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
		cmd := start(t, "rotate", dsn)
		require.Eventually(t, func() bool {
			values, _ := watch.GetVariables(context.WithoutCancel(t.Context()), []string{"v0000"})
			return len(values) > 0
		}, time.Minute, time.Millisecond, "the first batch")
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed

		both := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
		unreadable, err := both.Verify(t.Context())
		require.NoError(t, err)
		assert.Empty(t, unreadable, "nothing is lost")
		_, err = both.RotateFernetKeys(t.Context())
		require.NoError(t, err)
		unreadable, err = watch.Verify(t.Context())
		require.NoError(t, err)
		assert.Empty(t, unreadable)
		names, err := watch.List(t.Context(), secrets.KindVariable)
		require.NoError(t, err)
		assert.Len(t, names, n+1)
	})
}
