package main

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFileTreeIsABackend(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		OneConnection: true,
		Make: func(_ *testing.T, content backendtest.Content) secrets.Backend {
			tree := fstest.MapFS{}
			for name, text := range content.Named("connections/", "variables/", "config/") {
				tree[name] = &fstest.MapFile{Data: []byte(text)}
			}
			return NewFileTree(tree)
		},
		Fail: func(_ *testing.T, class error) secrets.Backend {
			if errors.Is(class, secrets.ErrDenied) {
				return NewFileTree(failing{fs.ErrPermission})
			}
			return NewFileTree(failing{errors.New("input/output error")})
		},
		Holds: func(_ secrets.Kind, id string) bool { return fs.ValidPath(id) },
	})
}

// failing is a file system that can open nothing.
type failing struct{ err error }

func (f failing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
}
