package resilience_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
	"github.com/secretchain/secrets/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const planted = "pLanted5ecret"

func store() *backendtest.Fake {
	return backendtest.NewFake(backendtest.Content{Variables: map[string]string{"k": planted}})
}

// readOnly hides every ability of a backend but its reads.
type readOnly struct{ secrets.Backend }

// wrappers are all of them, each as it is used; what they are made of does not fail.
func wrappers(t *testing.T) map[string]func(secrets.Backend) secrets.Backend {
	all := map[string]func(secrets.Backend) secrets.Backend{
		"Retry": func(b secrets.Backend) secrets.Backend {
			return resilience.Retry(b, &resilience.RetryOptions{Pause: time.Microsecond})
		},
		"Break": func(b secrets.Backend) secrets.Backend { return resilience.Break(b, nil) },
		"Limit": func(b secrets.Backend) secrets.Backend {
			return resilience.Limit(b, &resilience.LimitOptions{PerSecond: 100_000, Concurrent: 4})
		},
		"Snapshot": func(b secrets.Backend) secrets.Backend {
			s, err := resilience.Snapshot(b, resilience.SnapshotOptions{Path: filepath.Join(t.TempDir(), "s"), FernetKeys: keys(keyA)})
			require.NoError(t, err)
			return s
		},
		"Rename": func(b secrets.Backend) secrets.Backend {
			same := func(_ secrets.Kind, id string) (string, bool) { return id, id != "" }
			return resilience.Rename(b, same, same)
		},
		"Only": func(b secrets.Backend) secrets.Backend {
			return resilience.Only(b, func(_ secrets.Kind, id string) bool { return id != "hidden" })
		},
		"Except": func(b secrets.Backend) secrets.Backend {
			return resilience.Except(b, func(_ secrets.Kind, id string) bool { return id == "hidden" })
		},
		"Fallback": func(b secrets.Backend) secrets.Backend { return resilience.Fallback(b, resilience.FallbackTexts{}) },
	}
	all["all of them"] = func(b secrets.Backend) secrets.Backend {
		for _, name := range []string{"Retry", "Limit", "Break", "Snapshot", "Rename", "Only", "Except", "Fallback"} {
			b = all[name](b)
		}
		return b
	}
	return all
}

func TestWrappersAreBackends(t *testing.T) {
	for name, wrap := range wrappers(t) {
		t.Run(name, func(t *testing.T) { backendtest.RunWrapped(t, wrap) })
		t.Run(name+" of a plain backend", func(t *testing.T) {
			b := wrap(readOnly{store()})
			_, err := b.(secrets.ConfigGetter).GetConfig(t.Context(), "k")
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Batcher).GetVariables(t.Context(), []string{"k"})
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Batcher).GetConnectionMap(t.Context(), []string{"k"})
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = b.(secrets.Lister).List(t.Context(), secrets.KindVariable)
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			assert.ErrorIs(t, b.(secrets.Checker).Check(t.Context()), errors.ErrUnsupported)
			err = b.(secrets.Writer).SetVariable(t.Context(), "k", planted)
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			assert.EqualError(t, err, `set variable "k": unsupported operation`)
			assert.ErrorIs(t, b.(secrets.Writer).DeleteVariable(t.Context(), "k"), errors.ErrUnsupported)
			_, ok := b.(secrets.Namer).StoreName(secrets.KindVariable, "k")
			assert.False(t, ok)
		})
	}
}

// TestNilBackend: a mistake of the program is told where it is made, and not at the first lookup, as an outage.
func TestNilBackend(t *testing.T) {
	same := func(_ secrets.Kind, id string) (string, bool) { return id, true }
	all := func(secrets.Kind, string) bool { return true }
	for name, wrap := range map[string]func(){
		"Retry":    func() { resilience.Retry(nil, nil) },
		"Break":    func() { resilience.Break(nil, nil) },
		"Limit":    func() { resilience.Limit(nil, nil) },
		"Rename":   func() { resilience.Rename(nil, same, same) },
		"Only":     func() { resilience.Only(nil, all) },
		"Fallback": func() { resilience.Fallback(nil, resilience.FallbackTexts{}) },
	} {
		assert.Panics(t, wrap, name)
	}
	_, err := resilience.Snapshot(nil, resilience.SnapshotOptions{Path: "snapshot", FernetKeys: keys(keyA)})
	assert.EqualError(t, err, "snapshot: no backend is given")
}
