package filewatch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// version is a text of many lines that all say the same number: a mixture of two shows.
func version(n int) string { return strings.Repeat(fmt.Sprintf("version %06d\n", n), 500+n%100) }

// whole is a Parse that notices a version that is not whole.
func whole(torn *atomic.Int64) Parse[int] {
	return func(c Content) (int, bool, error) {
		text := string(c.Data)
		var n int
		if _, err := fmt.Sscanf(text, "version %d", &n); err != nil || text != version(n) {
			torn.Add(1)
			return 0, false, errors.New("torn")
		}
		return n, true, nil
	}
}

// A million concurrent reads during 1 000 changes see whole versions only, and never an older one than before. A writer in
// place that is itself held up in the middle, on a machine with more to do, may be caught there.
func TestNeverTorn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not rename over a file that is being read")
	}
	for name, change := range map[string]func(t *testing.T, path string, n int){
		"renamed":      func(t *testing.T, path string, n int) { replace(t, path, version(n)) },
		"in place":     func(t *testing.T, path string, n int) { write(t, path, version(n)) },
		"link swapped": swapLink,
	} {
		t.Run(name, func(t *testing.T) {
			reads, changes := int64(1_000_000), 1000
			switch {
			case testing.Short():
				reads, changes = 20_000, 50
			case name != "renamed":
				reads, changes = 200_000, 300
			}
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, version(0))
			var torn, done atomic.Int64
			w := File(path, Options{Limit: 1 << 20, Every: 100 * time.Microsecond}, whole(&torn))
			require.NoError(t, get(t, w).Err)
			var writing atomic.Bool
			writing.Store(true)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					last := 0
					for done.Add(1) <= reads || writing.Load() {
						state, err := w.Get(t.Context())
						if !assert.NoError(t, err) || !assert.GreaterOrEqual(t, state.Value, last) {
							return
						}
						last = state.Value
						runtime.Gosched() // the writer needs its turn
					}
				})
			}
			heldUp := int64(0)
			for n := 1; n <= changes; n++ {
				start := time.Now()
				change(t, path, n)
				if name == "in place" {
					heldUp += int64(time.Since(start) / (settle / 2)) // file systems' clocks are coarse
				}
			}
			writing.Store(false)
			wg.Wait()
			w.due.Store(0)
			state := get(t, w)
			assert.NoError(t, state.Err)
			assert.Equal(t, changes, state.Value, "the last version is seen in the end")
			assert.LessOrEqual(t, torn.Load(), heldUp)
		})
	}
}

// A file that is written over while it is read is not taken for a version, be it as large as before.
func TestWrittenOverWhileRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows may tell of a write only when the file is closed")
	}
	const size = 8 << 20
	path := filepath.Join(t.TempDir(), "f")
	old := []byte(strings.Repeat("a", size))
	for round := range 30 {
		require.NoError(t, os.WriteFile(path, old, 0o600))
		before := time.Now().Add(-time.Minute)
		require.NoError(t, os.Chtimes(path, before, before))
		info, err := os.Stat(path)
		require.NoError(t, err)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := f.WriteAt([]byte("b"), size-1) // long before the reader is there
			assert.NoError(t, err)
		})
		if round%2 == 0 {
			runtime.Gosched()
		}
		data, now, err := readOnce(path, info)
		wg.Wait()
		require.NoError(t, f.Close())
		require.NoError(t, err)
		if now != nil {
			require.True(t, data[size-1] == 'a', "a version that was written over")
		}
	}
}

// swapLink does what Kubernetes does with ..data.
func swapLink(t *testing.T, path string, n int) {
	target := fmt.Sprintf("%s.%d", path, n)
	write(t, target, version(n))
	require.NoError(t, os.Symlink(filepath.Base(target), path+".link"))
	require.NoError(t, os.Rename(path+".link", path))
	if n > 1 {
		require.NoError(t, os.Remove(fmt.Sprintf("%s.%d", path, n-1)))
	}
}

// A writer that truncates a file and then writes it in parts is waited for.
func TestWriterIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, version(1))
		var torn atomic.Int64
		w := File(path, always, whole(&torn))
		require.Equal(t, 1, get(t, w).Value)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			text := version(2)
			for _, part := range []string{text[:1000], text[1000:3000], text[3000:]} {
				time.Sleep(settle - 10*time.Millisecond)
				_, err := f.WriteString(part)
				assert.NoError(t, err)
			}
			assert.NoError(t, f.Close())
		})
		assert.Equal(t, 2, get(t, w).Value)
		assert.Zero(t, torn.Load())
		wg.Wait()
	})
}

// One that goes on for ever is not waited for.
func TestWriterWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		w := File(path, always, content)
		get(t, w)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for text := "x"; ; text += "x" {
				select {
				case <-stop:
					return
				case <-time.After(settle / 2):
					write(t, path, text)
				}
			}
		})
		write(t, path, "x")
		state := get(t, w)
		assert.Equal(t, "one", state.Value)
		assert.ErrorContains(t, state.Err, "changed again and again")

		ctx, cancel := context.WithTimeout(t.Context(), settle)
		_, err := w.Get(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		close(stop)
		wg.Wait()
	})
}

// An empty file was perhaps truncated by somebody who is about to write it.
func TestEmptiedFileIsDoubted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		w := File(path, always, content)
		get(t, w)
		write(t, path, "")
		require.NoError(t, os.Chtimes(path, time.Now(), time.Now()))
		time.Sleep(emptied - time.Nanosecond)
		assert.Equal(t, "one", get(t, w).Value)
		time.Sleep(time.Nanosecond)
		assert.Empty(t, get(t, w).Value)
	})
}
