package resilience_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

func TestSnapshotIsWrittenInTheBackground(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	synctest.Test(t, func(t *testing.T) {
		s := snapshot(t, full(), resilience.SnapshotOptions{Path: path, Delay: time.Second})
		readAll(t, s)
		_, err := os.Stat(path)
		assert.ErrorIs(t, err, os.ErrNotExist)
		time.Sleep(2 * time.Second) // synctest's clock
		synctest.Wait()
		_, err = os.Stat(path)
		assert.NoError(t, err)
		closed(t, s)
		closed(t, s)
	})
	assertAlone(t, path)
}

// assertAlone fails the test if there is anything but path in its folder.
func assertAlone(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, filepath.Base(path), files[0].Name())
}

func TestSnapshotLeavesNoOtherFile(t *testing.T) {
	t.Run("of a process that was killed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "snapshot")
		require.NoError(t, os.WriteFile(path+".new", []byte("half"), 0o644))
		filled(t, resilience.SnapshotOptions{Path: path})
		assertAlone(t, path)
		s := snapshot(t, down(), resilience.SnapshotOptions{Path: path})
		readAll(t, s)
		closed(t, s)
	})
	t.Run("of a write that failed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "snapshot")
		s := snapshot(t, full(), resilience.SnapshotOptions{Path: path})
		readAll(t, s)
		require.NoError(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o700))
		err := s.(interface{ Close() error }).Close()
		assert.Equal(t, secrets.ErrUnavailable, secrets.ClassOf(err))
		assert.ErrorContains(t, err, path)
		backendtest.NoLeak(t, planted, err)
		assertAlone(t, path)
	})
}

func TestSnapshotThatCannotBeReadIsLeftAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(path string) error
		class error
	}{
		"another key": {func(string) error { return nil }, secrets.ErrMalformed},
		"damage":      {func(path string) error { return os.Truncate(path, 100) }, secrets.ErrMalformed},
		"other users": {func(path string) error { return os.Chmod(path, 0o644) }, secrets.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "other users" && runtime.GOOS == "windows" {
				t.Skip("modes of files mean nothing there")
			}
			path := filepath.Join(t.TempDir(), "snapshot")
			filled(t, resilience.SnapshotOptions{Path: path})
			require.NoError(t, tc.spoil(path))
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			opts := resilience.SnapshotOptions{Path: path}
			if name == "another key" {
				opts.FernetKeys = keys(keyB)
			}
			s := snapshot(t, down(), opts)
			_, err = s.GetVariable(t.Context(), "k")
			assert.Equal(t, secrets.ErrUnavailable, secrets.ClassOf(err), "the file's failure makes an outage no refusal")
			assert.ErrorContains(t, err, path)
			assert.ErrorIs(t, s.(secrets.Checker).Check(t.Context()), tc.class)
			closed(t, s)
			live := snapshot(t, full(), opts)
			readAll(t, live)
			closed(t, live)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(before, after), "the file was written over")
		})
	}
}
