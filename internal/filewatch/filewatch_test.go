package filewatch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var always = Options{Limit: 1 << 20, Every: -1}

// content is a Parse that refuses what begins with bad, and takes half of what begins with half.
func content(c Content) (string, bool, error) {
	text := string(c.Data)
	switch {
	case strings.HasPrefix(text, "bad"):
		return "", false, errors.New("bad")
	case strings.HasPrefix(text, "half"):
		return text, true, errors.New("half")
	}
	return text, true, nil
}

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func replace(t testing.TB, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	require.NoError(t, os.Rename(path+".new", path))
}

func get[T any](t testing.TB, w *Watch[T]) *State[T] {
	t.Helper()
	state, err := w.Get(t.Context())
	require.NoError(t, err)
	return state
}

func TestFileSeesChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	hourAgo := time.Now().Add(-time.Hour)
	write(t, path, "one")
	require.NoError(t, os.Chtimes(path, hourAgo, hourAgo))
	w := File(path, always, content)
	require.Equal(t, "one", get(t, w).Value)
	for _, change := range []struct {
		name string
		do   func()
		want string
	}{
		{"nothing", func() {}, "one"},
		{"size", func() { write(t, path, "three"); require.NoError(t, os.Chtimes(path, hourAgo, hourAgo)) }, "three"},
		{"time", func() { write(t, path, "THREE") }, "THREE"},
		{"another file of the same size and time", func() {
			write(t, path+".new", "three")
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Chtimes(path+".new", info.ModTime(), info.ModTime()))
			require.NoError(t, os.Rename(path+".new", path))
		}, "three"},
		{"a link to another", func() {
			write(t, path+".1", "1")
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Symlink("f.1", path))
		}, "1"},
		{"the link swapped", func() {
			write(t, path+".2", "2")
			require.NoError(t, os.Symlink("f.2", path+".link"))
			require.NoError(t, os.Rename(path+".link", path))
		}, "2"},
	} {
		change.do()
		assert.Equal(t, change.want, get(t, w).Value, change.name)
	}
}

// The clock of a file system may stand still between two writes.
func TestFileOfTheSameMomentIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock stands still, too
		path := filepath.Join(t.TempDir(), "f")
		moment := time.Now().Add(-settle)
		w := File(path, always, content)
		for range 20 {
			for _, text := range []string{"one", "two"} {
				write(t, path, text)
				require.NoError(t, os.Chtimes(path, moment, moment))
				assert.Equal(t, text, get(t, w).Value)
			}
		}
	})
}

func TestIntervalBetweenLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		w := File(path, Options{Limit: 100, Every: time.Minute}, content)
		require.Equal(t, "one", get(t, w).Value)
		replace(t, path, "two")
		time.Sleep(time.Minute - time.Second)
		assert.Equal(t, "one", get(t, w).Value)
		time.Sleep(time.Second)
		assert.Equal(t, "two", get(t, w).Value)
	})
}

func TestDamagedVersionIsReportedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	parsed := 0
	var reports []string
	opts := always
	opts.Report = func(err error) { reports = append(reports, err.Error()) }
	w := File(path, opts, func(c Content) (string, bool, error) {
		parsed++
		return content(c)
	})
	state := get(t, w)
	assert.Equal(t, None, state.Good)
	var p *Problem
	require.ErrorAs(t, state.Err, &p)
	assert.Equal(t, Unreadable, p.Kind)
	assert.Empty(t, reports, "there is nothing to go on with")

	replace(t, path, "half one")
	state = get(t, w)
	assert.Equal(t, "half one", state.Value, "half is better than nothing")
	assert.Equal(t, Partly, state.Good)
	replace(t, path, "one")
	assert.NoError(t, get(t, w).Err)

	for _, damage := range []string{"bad", "half two"} {
		before := parsed
		replace(t, path, damage)
		for range 3 {
			state = get(t, w)
			assert.Equal(t, "one", state.Value)
			assert.Equal(t, Whole, state.Good)
			assert.Error(t, state.Err)
		}
		assert.Equal(t, 1, parsed-before, "a damaged version is parsed once")
	}
	require.NoError(t, os.Remove(path))
	state = get(t, w)
	assert.Equal(t, "one", state.Value)
	require.ErrorAs(t, state.Err, &p)
	replace(t, path, "two")
	state = get(t, w)
	assert.Equal(t, "two", state.Value)
	assert.NoError(t, state.Err)
	assert.Equal(t, []string{"half", "bad", "half", path + ": does not exist"}, reports)
}

func TestFileThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, "0123456789")
	var p *Problem
	require.ErrorAs(t, get(t, File(path, Options{Limit: 9, Every: -1}, content)).Err, &p)
	assert.Equal(t, Oversized, p.Kind)
	assert.NoError(t, get(t, File(path, Options{Limit: 10, Every: -1}, content)).Err)
	require.ErrorAs(t, get(t, File(dir, always, content)).Err, &p)
	assert.Equal(t, Unreadable, p.Kind)
	assert.Contains(t, p.Error(), "not a regular file")
}

func TestEmptyFileIsAValue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "")
	state := get(t, File(path, always, content))
	require.NoError(t, state.Err)
	assert.Equal(t, Whole, state.Good)
	assert.Empty(t, state.Value)
}

func TestEndedContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	w := File(path, always, content)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Get(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "one", get(t, w).Value, "it was nobody's failure")
}

// While one caller reads, the others go on with what is known; before anything is known they wait, as long as they like.
func TestOneReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	reading, goOn := make(chan struct{}), make(chan struct{})
	w := File(path, always, func(c Content) (string, bool, error) {
		reading <- struct{}{}
		<-goOn
		return content(c)
	})
	var wg sync.WaitGroup
	wg.Go(func() { assert.Equal(t, "one", get(t, w).Value) })
	<-reading
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() {
		_, err := w.Get(ctx)
		cancelled <- err
	}()
	cancel()
	assert.ErrorIs(t, <-cancelled, context.Canceled)
	goOn <- struct{}{}
	wg.Wait()

	replace(t, path, "two")
	wg.Go(func() { assert.Equal(t, "two", get(t, w).Value) })
	<-reading
	assert.Equal(t, "one", get(t, w).Value)
	goOn <- struct{}{}
	wg.Wait()
}
