package resilience_test

import (
	"bytes"
	"context"
	"log/slog"
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

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
)

const (
	keyA = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
	keyB = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="
)

func keys(texts ...string) []secrets.Secret {
	var all []secrets.Secret
	for _, text := range texts {
		all = append(all, secrets.NewSecret(text))
	}
	return all
}

func full() *backendtest.Fake {
	return backendtest.NewFake(backendtest.Content{
		Variables:   map[string]string{"k": planted, "blank": ""},
		Connections: map[string][]string{"db": {"mysql://u:" + planted + "@one", `{"conn_type": "http", "description": "d", "password": "` + planted + `"}`}},
		Config:      map[string]string{"c": planted},
	})
}

func snapshot(t *testing.T, b secrets.Backend, opts resilience.SnapshotOptions) secrets.Backend {
	t.Helper()
	if opts.FernetKeys == nil {
		opts.FernetKeys = keys(keyA)
	}
	s, err := resilience.Snapshot(b, opts)
	require.NoError(t, err)
	return s
}

func closed(t *testing.T, b secrets.Backend) {
	t.Helper()
	require.NoError(t, b.(interface{ Close() error }).Close())
}

// filled leaves a snapshot of the full store behind.
func filled(t *testing.T, opts resilience.SnapshotOptions) {
	t.Helper()
	s := snapshot(t, full(), opts)
	readAll(t, s)
	closed(t, s)
}

func readAll(t *testing.T, b secrets.Backend) {
	t.Helper()
	for key, want := range map[string]string{"k": planted, "blank": ""} {
		got, err := b.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.Truef(t, got == want, "variable %q", key)
	}
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	require.Len(t, conns, 2)
	assert.Equal(t, []string{"one", "d", "db"}, []string{conns[0].Host, conns[1].Description, conns[1].ID})
	assert.True(t, conns[0].Password.Equal(secrets.NewSecret(planted)))
	text, err := b.(secrets.ConfigGetter).GetConfig(t.Context(), "c")
	require.NoError(t, err)
	assert.True(t, text == planted)
}

func down() *backendtest.Fake {
	f := full()
	f.Fail(secrets.ErrUnavailable)
	return f
}

func TestSnapshotAnswersForAStoreThatIsDown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	filled(t, resilience.SnapshotOptions{Path: path})
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(file), planted)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}

	var log bytes.Buffer
	s := snapshot(t, down(), resilience.SnapshotOptions{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	readAll(t, s)
	_, err = s.GetVariable(t.Context(), "never_read")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.Contains(t, log.String(), "the snapshot answers")
	assert.NotContains(t, log.String(), planted)
	closed(t, s)

	rotated := snapshot(t, down(), resilience.SnapshotOptions{Path: path, FernetKeys: keys(keyB, keyA)})
	readAll(t, rotated)
	closed(t, rotated)
}

// TestSnapshotAnswersBatches: a chain that fills its cache at the start does so while its store is down, too.
func TestSnapshotAnswersBatches(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	filled(t, resilience.SnapshotOptions{Path: path})
	s := snapshot(t, down(), resilience.SnapshotOptions{Path: path})
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: s}}, &secrets.Options{Cache: &secrets.CacheOptions{}})
	require.NoError(t, err)
	require.NoError(t, chain.Prefetch(t.Context(), secrets.KindVariable, "k", "blank"))
	assert.ErrorIs(t, chain.Prefetch(t.Context(), secrets.KindConnection, "db", "never_read"), secrets.ErrUnavailable, "of never_read")
	readAll(t, chain)
	found, err := s.(secrets.Batcher).GetVariables(t.Context(), []string{"k", "never_read", "blank"})
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.Len(t, found, 2)
	require.NoError(t, chain.Close())

	for name, class := range map[string]error{"denied": secrets.ErrDenied, "malformed": secrets.ErrMalformed} {
		f := full()
		f.Fail(class)
		s := snapshot(t, f, resilience.SnapshotOptions{Path: path})
		found, err := s.(secrets.Batcher).GetVariables(t.Context(), []string{"k"})
		assert.ErrorIsf(t, err, class, "a batch that is %s", name)
		assert.Empty(t, found)
		closed(t, s)
	}
}

func TestSnapshotNeverAnswersForARefusalOrAnAbsence(t *testing.T) {
	for name, class := range map[string]error{"denied": secrets.ErrDenied, "not found": secrets.ErrNotFound} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "snapshot")
			filled(t, resilience.SnapshotOptions{Path: path})
			f := full()
			f.Fail(class)
			s := snapshot(t, f, resilience.SnapshotOptions{Path: path})
			_, err := s.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, class)
			f.Fail(secrets.ErrUnavailable)
			_, err = s.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable, "the value is gone, also for a later outage")
			closed(t, s)
			again := snapshot(t, down(), resilience.SnapshotOptions{Path: path})
			_, err = again.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable, "also from the file")
			_, err = again.GetConnections(t.Context(), "db")
			assert.NoError(t, err, "others stay")
			closed(t, again)
		})
	}
	path := filepath.Join(t.TempDir(), "snapshot")
	filled(t, resilience.SnapshotOptions{Path: path})
	f := full()
	f.Fail(secrets.ErrMalformed)
	s := snapshot(t, f, resilience.SnapshotOptions{Path: path})
	_, err := s.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	closed(t, s)
}

func TestSnapshotAge(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	opts := resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot"), MaxAge: time.Hour, Now: func() time.Time { return now }}
	filled(t, opts)
	now = now.Add(59 * time.Minute)
	s := snapshot(t, down(), opts)
	_, err := s.GetVariable(t.Context(), "k")
	assert.NoError(t, err)
	now = now.Add(2 * time.Minute)
	_, err = s.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "too old, in memory")
	closed(t, s)
	s = snapshot(t, down(), opts)
	_, err = s.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "too old, in the file")
	closed(t, s)
}

// TestSnapshotIsExact: what comes out is what went in, byte for byte, names too.
func TestSnapshotIsExact(t *testing.T) {
	const odd = "\xff\xfe \x00 <>&\u2028 \xc3"
	var asked atomic.Int64
	inner := secrets.Funcs{Variable: func(_ context.Context, key string) (string, error) {
		if asked.Add(1) > 1 {
			return "", secrets.ErrUnavailable
		}
		return odd, nil
	}}
	opts := resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot")}
	s := snapshot(t, inner, opts)
	_, err := s.GetVariable(t.Context(), odd)
	require.NoError(t, err)
	closed(t, s)
	s = snapshot(t, inner, opts)
	got, err := s.GetVariable(t.Context(), odd)
	require.NoError(t, err)
	assert.True(t, got == odd)
	_, err = s.GetVariable(t.Context(), strings.ToValidUTF8(odd, "\uFFFD"))
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "another name")
	closed(t, s)
}

// TestSnapshotOfAWrongClock: a clock that was ahead by years does not make values good for years.
func TestSnapshotOfAWrongClock(t *testing.T) {
	today := time.Unix(1_800_000_000, 0)
	now := today.Add(10 * 365 * 24 * time.Hour)
	opts := resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "snapshot"), MaxAge: time.Hour, Now: func() time.Time { return now }}
	filled(t, opts)
	s := snapshot(t, full(), opts)
	readAll(t, s)
	now = today
	readAll(t, s) // the same values, read by the right clock
	closed(t, s)
	now = today.Add(30 * time.Minute)
	s = snapshot(t, down(), opts)
	readAll(t, s)
	closed(t, s)
	now = today.Add(24 * time.Hour)
	s = snapshot(t, down(), opts)
	_, err := s.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	closed(t, s)
}

func TestSnapshotBoundsAStoreThatHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	synctest.Test(t, func(t *testing.T) {
		filled(t, resilience.SnapshotOptions{Path: path})
		f := full()
		f.Stall(true)
		s := snapshot(t, f, resilience.SnapshotOptions{Path: path, Timeout: time.Second})
		start := time.Now()
		_, err := s.GetVariable(t.Context(), "k")
		assert.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = s.GetVariable(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded, "the caller's own end is the caller's")
		f.Stall(false)
		closed(t, s)
	})
}

func TestSnapshotIsBounded(t *testing.T) {
	content := backendtest.Content{Variables: map[string]string{}}
	names := []string{}
	for i := range 50 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		content.Variables[name] = planted
		names = append(names, name)
	}
	now := time.Unix(1_800_000_000, 0)
	f := backendtest.NewFake(content)
	s := snapshot(t, f, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "s"), MaxEntries: 20, Now: func() time.Time { now = now.Add(time.Second); return now }})
	for _, name := range names {
		_, err := s.GetVariable(t.Context(), name)
		require.NoError(t, err)
	}
	f.Fail(secrets.ErrUnavailable)
	kept := 0
	for _, name := range names {
		if _, err := s.GetVariable(t.Context(), name); err == nil {
			kept++
		}
	}
	assert.LessOrEqual(t, kept, 20)
	assert.GreaterOrEqual(t, kept, 15)
	closed(t, s)
}

func TestSnapshotRefusesBadOptions(t *testing.T) {
	for name, opts := range map[string]resilience.SnapshotOptions{
		"no path":   {FernetKeys: keys(keyA)},
		"no key":    {Path: "x"},
		"a bad key": {Path: "x", FernetKeys: keys(planted)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resilience.Snapshot(full(), opts)
			require.ErrorIs(t, err, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err)
		})
	}
	missing := snapshot(t, full(), resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "no", "folder")})
	_, err := missing.GetVariable(t.Context(), "k")
	require.NoError(t, err, "a snapshot that cannot be written breaks no read")
	assert.Error(t, missing.(interface{ Close() error }).Close())
}

func TestSnapshotConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	f := full()
	s := snapshot(t, f, resilience.SnapshotOptions{Path: path, Delay: time.Microsecond})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				_, err := s.GetConnections(t.Context(), "db")
				assert.NoError(t, err)
				if i == 0 {
					assert.NoError(t, s.(secrets.Writer).SetVariable(t.Context(), "k", planted))
				}
			}
		})
	}
	wg.Wait()
	closed(t, s)
	again := snapshot(t, down(), resilience.SnapshotOptions{Path: path})
	_, err := again.GetConnections(t.Context(), "db")
	assert.NoError(t, err)
	closed(t, again)
}
