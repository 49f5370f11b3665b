package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// NewFileTree returns a store that keeps one value a file: connections/my_db, variables/my_key.
// This is a whole store: the kit does the names, the parsing, and the errors around the one fetch.
func NewFileTree(tree fs.FS) *backend.TextStore {
	fetch := func(_ context.Context, name string) (string, error) {
		text, err := fs.ReadFile(tree, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", secrets.ErrNotFound
		case errors.Is(err, fs.ErrPermission):
			return "", fmt.Errorf("%w: the file must be readable by this program", secrets.ErrDenied)
		case err != nil:
			return "", fmt.Errorf("%w: the file cannot be read", secrets.ErrUnavailable)
		}
		return string(text), nil
	}
	return backend.NewTextStore(fetch, backend.Naming{
		Connections: backend.At("connections"),
		Variables:   backend.At("variables"),
		Config:      backend.At("config"),
		Valid:       fs.ValidPath, // another name is not found, without a call
	})
}

// Registered, the store can be named in configuration. Its arguments are checked before anything is opened.
func init() {
	type arguments struct {
		Root string `json:"root"`
	}
	open := func(_ context.Context, args *arguments) (*backend.TextStore, error) {
		return NewFileTree(rootFS(args.Root)), nil
	}
	backend.Register(backend.Driver{Name: "filetree", Open: backend.Opener(open)})
}
