package airflowcfg

import (
	"context"
	"errors"
	"io"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/lazy"
)

// deferred is a metastore that is opened at its first use.
type deferred struct {
	store *lazy.Value[secrets.Backend]
	owned secrets.Backend // closed with it; nil: the custom backend is a layer of its own
}

var _ interface {
	secrets.Backend
	secrets.Batcher
	secrets.Lister
	secrets.Checker
	secrets.Namer
	secrets.Writer
	io.Closer
} = (*deferred)(nil)

// with calls the store as a T. A store that is no T cannot do it.
func with[T, R any](ctx context.Context, d *deferred, call func(T) (R, error)) (result R, err error) {
	b, err := d.store.Get(ctx)
	if err != nil {
		return result, err
	}
	able, ok := b.(T)
	if !ok {
		return result, errors.ErrUnsupported
	}
	return call(able)
}

// do is with, for calls without a result.
func do[T any](ctx context.Context, d *deferred, call func(T) error) error {
	_, err := with(ctx, d, func(able T) (struct{}, error) { return struct{}{}, call(able) })
	return err
}

func (d *deferred) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return with(ctx, d, func(b secrets.Backend) ([]secrets.Connection, error) { return b.GetConnections(ctx, id) })
}

func (d *deferred) GetConnURI(ctx context.Context, id string) (string, error) {
	return with(ctx, d, func(b secrets.Backend) (string, error) { return b.GetConnURI(ctx, id) })
}

func (d *deferred) GetVariable(ctx context.Context, key string) (string, error) {
	return with(ctx, d, func(b secrets.Backend) (string, error) { return b.GetVariable(ctx, key) })
}

func (d *deferred) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return with(ctx, d, func(b secrets.Batcher) (map[string]string, error) { return b.GetVariables(ctx, keys) })
}

func (d *deferred) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return with(ctx, d, func(b secrets.Batcher) (map[string][]secrets.Connection, error) { return b.GetConnectionMap(ctx, ids) })
}

func (d *deferred) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	return with(ctx, d, func(b secrets.Lister) ([]string, error) { return b.List(ctx, kind) })
}

func (d *deferred) Check(ctx context.Context) error {
	return do(ctx, d, func(b secrets.Checker) error { return b.Check(ctx) })
}

func (d *deferred) SetConnection(ctx context.Context, c secrets.Connection) error {
	return do(ctx, d, func(b secrets.Writer) error { return b.SetConnection(ctx, c) })
}

func (d *deferred) DeleteConnection(ctx context.Context, id string) error {
	return do(ctx, d, func(b secrets.Writer) error { return b.DeleteConnection(ctx, id) })
}

func (d *deferred) SetVariable(ctx context.Context, key, value string) error {
	return do(ctx, d, func(b secrets.Writer) error { return b.SetVariable(ctx, key, value) })
}

func (d *deferred) DeleteVariable(ctx context.Context, key string) error {
	return do(ctx, d, func(b secrets.Writer) error { return b.DeleteVariable(ctx, key) })
}

// StoreName asks the store, if it is open. Before that it is the metastore's rule: a name is a row's own.
func (d *deferred) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	b, _ := d.store.Made()
	if n, ok := b.(secrets.Namer); ok {
		return n.StoreName(kind, id)
	}
	return id, kind != secrets.KindConfig && id != ""
}

// Close closes the store: the one that was opened, or that is being opened as soon as it is.
func (d *deferred) Close() error {
	failed := make(chan error, 1)
	d.store.Close(secrets.ErrClosed, func(b secrets.Backend) {
		if closer, ok := b.(io.Closer); ok {
			failed <- closer.Close()
		}
	})
	if d.owned != nil {
		closeBackend(d.owned)
	}
	select {
	case err := <-failed:
		return err
	default: // there is none yet
		return nil
	}
}
