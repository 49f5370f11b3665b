package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

// TestSnapshotForgetsWhatChanges: whatever tells that a value is not what it was, removes it from memory and file.
func TestSnapshotForgetsWhatChanges(t *testing.T) {
	for name, change := range map[string]func(f *backendtest.Fake, s secrets.Backend) error{
		"an absence in a batch": func(f *backendtest.Fake, s secrets.Backend) error {
			if err := f.DeleteVariable(t.Context(), "k"); err != nil {
				return err
			}
			found, err := s.(secrets.Batcher).GetVariables(t.Context(), []string{"k", "blank"})
			assert.Len(t, found, 1)
			return err
		},
		"a write before any read": func(_ *backendtest.Fake, s secrets.Backend) error {
			return s.(secrets.Writer).SetVariable(t.Context(), "k", "new")
		},
		"a removal before any read": func(_ *backendtest.Fake, s secrets.Backend) error {
			return s.(secrets.Writer).DeleteVariable(t.Context(), "k")
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")}
			filled(t, opts)
			f := full()
			s := snapshot(t, f, opts)
			require.NoError(t, change(f, s))
			f.Fail(secrets.ErrUnavailable)
			_, err := s.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable, "in memory")
			_, err = s.GetVariable(t.Context(), "blank")
			assert.NoError(t, err, "others stay")
			closed(t, s)
			again := snapshot(t, down(), opts)
			_, err = again.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable, "in the file")
			closed(t, again)
		})
	}
	t.Run("a write that nobody can do changes nothing", func(t *testing.T) {
		f := full()
		s := snapshot(t, readOnly{f}, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")})
		_, err := s.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.ErrorIs(t, s.(secrets.Writer).SetVariable(t.Context(), "k", "new"), errors.ErrUnsupported)
		f.Fail(secrets.ErrUnavailable)
		_, err = s.GetVariable(t.Context(), "k")
		assert.NoError(t, err)
		closed(t, s)
	})
}

// TestSnapshotKeepsNothingOlderThanARefusal: an answer that is on its way while the name is refused, removed or written
// must not bring the old value back.
func TestSnapshotKeepsNothingOlderThanARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		slow := secrets.Funcs{Variable: func(context.Context, string) (string, error) { return planted, <-answers }}
		s := snapshot(t, slow, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")})
		get := func() <-chan error {
			done := make(chan error, 1)
			go func() { _, err := s.GetVariable(t.Context(), "k"); done <- err }()
			synctest.Wait()
			return done
		}
		for _, class := range []error{secrets.ErrDenied, secrets.ErrNotFound} {
			one, other := get(), get()
			answers <- class // to one of them
			synctest.Wait()
			answers <- nil
			first, second := <-one, <-other
			assert.True(t, (first == nil) != (second == nil))
			down := get()
			answers <- secrets.ErrUnavailable
			assert.ErrorIs(t, <-down, secrets.ErrUnavailable)
		}
		fine := get()
		answers <- nil
		assert.NoError(t, <-fine)
		down := get()
		answers <- secrets.ErrUnavailable
		assert.NoError(t, <-down, "what was read after it is kept")
		closed(t, s)
	})
}

// TestSnapshotForgetsWhatABatchIsRefused: a refusal of many names is one of each, also where something failed besides.
func TestSnapshotForgetsWhatABatchIsRefused(t *testing.T) {
	refused, down := fmt.Errorf("%w: the key is disabled", secrets.ErrDenied), fmt.Errorf("%w: throttled", secrets.ErrUnavailable)
	for name, failure := range map[string]error{"refused": refused, "refused and down": errors.Join(down, refused)} {
		t.Run(name, func(t *testing.T) {
			f := backendtest.NewFake(backendtest.Content{Variables: map[string]string{"k": planted}, Connections: map[string][]string{"c": {"mysql://h"}}})
			b := snapshot(t, f, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")})
			batch := b.(secrets.Batcher)
			_, err := batch.GetVariables(t.Context(), []string{"k"})
			require.NoError(t, err)
			_, err = batch.GetConnectionMap(t.Context(), []string{"c"})
			require.NoError(t, err)

			f.Fail(failure)
			_, err = batch.GetVariables(t.Context(), []string{"k"})
			require.ErrorIs(t, err, secrets.ErrDenied)
			_, err = batch.GetConnectionMap(t.Context(), []string{"c"})
			require.ErrorIs(t, err, secrets.ErrDenied)

			f.Fail(down)
			_, err = b.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
			_, err = b.GetConnections(t.Context(), "c")
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
		})
	}
}
