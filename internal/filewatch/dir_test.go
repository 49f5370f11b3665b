package filewatch

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(_ string, c Content) (string, error) {
	if strings.HasPrefix(string(c.Data), "bad") {
		return "", errors.New("bad")
	}
	return string(c.Data), nil
}

func values(state *State[map[string]Entry[string]]) map[string]string {
	all := map[string]string{}
	for name, e := range state.Value {
		if e.Good {
			all[name] = e.Value
		}
	}
	return all
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) { replace(t, filepath.Join(dir, name), text) }
	put("a", "one")
	put("b", "bad")
	put("..hidden", "x")
	put(".dot", "dot")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "broken")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link")))
	var reports []string
	opts := always
	opts.Report = func(err error) { reports = append(reports, err.Error()) }
	read := 0
	w := Dir(dir, opts, func(name string, c Content) (string, error) {
		read++
		return text(name, c)
	})
	state := get(t, w)
	require.NoError(t, state.Err)
	assert.Equal(t, map[string]string{"a": "one", ".dot": "dot", "link": "one"}, values(state))
	assert.EqualError(t, state.Value["b"].Err, "bad")
	require.Equal(t, 4, read)

	put("b", "two")
	require.NoError(t, os.Remove(filepath.Join(dir, ".dot")))
	assert.Equal(t, map[string]string{"a": "one", "b": "two", "link": "one"}, values(get(t, w)))
	put("b", "bad again")
	state = get(t, w)
	assert.Equal(t, "two", state.Value["b"].Value, "the last good version of a file stays")
	assert.Error(t, state.Value["b"].Err)
	get(t, w)
	assert.Equal(t, []string{"bad", "bad"}, reports, "a reason is reported once")
	assert.Equal(t, 6, read, "what has not changed is not read again")

	require.NoError(t, os.RemoveAll(dir))
	state = get(t, w)
	require.Error(t, state.Err)
	assert.Equal(t, Whole, state.Good)
	assert.Len(t, reports, 3)
	require.NoError(t, os.Mkdir(dir, 0o700))
	put("a", "back")
	assert.Equal(t, map[string]string{"a": "back"}, values(get(t, w)))
}

func TestDirLimitsFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "large"), "0123456789")
	write(t, filepath.Join(dir, "small"), "0")
	state := get(t, Dir(dir, Options{Limit: 9, Every: -1}, text))
	var p *Problem
	require.ErrorAs(t, state.Value["large"].Err, &p)
	assert.Equal(t, Oversized, p.Kind)
	assert.Equal(t, map[string]string{"small": "0"}, values(state))
}

// volume writes a directory as Kubernetes does: a new version beside the old, then one rename.
type volume struct {
	dir string
	n   int
}

func (v *volume) put(t testing.TB, files map[string]string) {
	t.Helper()
	v.n++
	version := fmt.Sprintf("..2026_11_22_%06d", v.n)
	require.NoError(t, os.Mkdir(filepath.Join(v.dir, version), 0o700))
	for name, text := range files {
		write(t, filepath.Join(v.dir, version, name), text)
		link := filepath.Join(v.dir, name)
		if _, err := os.Lstat(link); err != nil {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	require.NoError(t, os.Symlink(version, filepath.Join(v.dir, "..data_tmp")))
	require.NoError(t, os.Rename(filepath.Join(v.dir, "..data_tmp"), filepath.Join(v.dir, "..data")))
	old := filepath.Join(v.dir, fmt.Sprintf("..2026_11_22_%06d", v.n-1))
	require.NoError(t, os.RemoveAll(old))
}

func TestKubernetesVolume(t *testing.T) {
	v := volume{dir: t.TempDir()}
	v.put(t, map[string]string{"user": "u1", "password": "p1"})
	read := 0
	w := Dir(v.dir, always, func(name string, c Content) (string, error) {
		read++
		return text(name, c)
	})
	assert.Equal(t, map[string]string{"user": "u1", "password": "p1"}, values(get(t, w)))
	get(t, w)
	assert.Equal(t, 2, read)
	v.put(t, map[string]string{"user": "u2", "more": "m"})
	assert.Equal(t, map[string]string{"user": "u2", "more": "m"}, values(get(t, w)))
}

func TestVolumeMendedInPlace(t *testing.T) {
	v := volume{dir: t.TempDir()}
	v.put(t, map[string]string{"user": "u", "password": "p", "odd": "bad"})
	password := filepath.Join(v.dir, "password")
	read := map[string]int{}
	w := Dir(v.dir, always, func(name string, c Content) (string, error) {
		read[name]++
		if name == "password" && c.Info.Mode().Perm()&0o200 != 0 {
			return "", errors.New("can be written")
		}
		return text(name, c)
	})
	state := get(t, w)
	assert.Error(t, state.Value["password"].Err)
	assert.Error(t, state.Value["odd"].Err)
	require.NoError(t, os.Chmod(password, 0o400))
	t.Cleanup(func() { _ = os.Chmod(password, 0o600) }) // Windows deletes nothing else
	assert.Equal(t, map[string]string{"user": "u", "password": "p"}, values(get(t, w)))
	get(t, w)
	assert.Equal(t, map[string]int{"user": 1, "password": 2, "odd": 1}, read, "what has not changed is not read again")
}

// All values of a volume are of one version, whatever the swaps.
func TestVolumeNeverMixed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not rename over a file that is being read")
	}
	reads, changes := int64(100_000), 300
	if testing.Short() {
		reads, changes = 5_000, 50
	}
	files := func(n int) map[string]string {
		return map[string]string{"a": fmt.Sprint(n), "b": fmt.Sprint(n), "c": fmt.Sprint(n)}
	}
	v := volume{dir: t.TempDir()}
	v.put(t, files(0))
	w := Dir(v.dir, Options{Limit: 100, Every: 100 * time.Microsecond}, text)
	require.NoError(t, get(t, w).Err)
	var done atomic.Int64
	var writing atomic.Bool
	writing.Store(true)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for done.Add(1) <= reads || writing.Load() {
				state, err := w.Get(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				all := slices.Collect(maps.Values(values(state)))
				if !assert.Len(t, all, 3) || !assert.Len(t, slices.Compact(all), 1) {
					return
				}
				runtime.Gosched() // the writer needs its turn
			}
		})
	}
	for n := 1; n <= changes; n++ {
		v.put(t, files(n))
	}
	writing.Store(false)
	wg.Wait()
	w.due.Store(0)
	assert.Equal(t, files(changes), values(get(t, w)))
}

func TestDirOfManyFilesRewrittenInPlace(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{}
	for i := range 50 {
		name := fmt.Sprint(i)
		write(t, filepath.Join(dir, name), "one")
		want[name] = "two"
	}
	w := Dir(dir, always, text)
	get(t, w)
	for name := range want {
		write(t, filepath.Join(dir, name), "two")
	}
	assert.Equal(t, want, values(get(t, w)))
}
