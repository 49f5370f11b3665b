package airflowcfg

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/lazy"
	"github.com/secretchain/secrets/internal/wiretest"
)

type closing struct {
	secrets.Funcs
	closed chan struct{}
}

func (c closing) Close() error {
	close(c.closed)
	return nil
}

// A metastore that is still being opened when the chain is closed is closed as soon as it is there.
func TestCloseWhileTheMetastoreIsOpened(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	store, custom := closing{closed: make(chan struct{})}, closing{closed: make(chan struct{})}
	d := &deferred{owned: custom, store: lazy.New(func(context.Context) (secrets.Backend, error) {
		close(asked)
		<-answer
		return store, nil
	})}
	failed := make(chan error, 1)
	go func() { _, err := d.GetVariable(t.Context(), "x"); failed <- err }()
	wiretest.Await(t, asked, "the opening")
	require.NoError(t, d.Close())
	wiretest.Await(t, custom.closed, "the custom backend's end")
	close(answer)
	wiretest.Await(t, store.closed, "the store's end")
	require.ErrorIs(t, wiretest.Await(t, failed, "the lookup's end"), secrets.ErrClosed)
	_, err := d.GetVariable(t.Context(), "x")
	require.ErrorIs(t, err, secrets.ErrClosed)
}

type stuck struct{ secrets.Funcs }

func (stuck) Close() error { return secrets.ErrUnavailable }

// What closing the metastore failed with is told once, and nothing where it was never opened.
func TestCloseOfTheMetastoreThatFails(t *testing.T) {
	d := &deferred{store: lazy.New(func(context.Context) (secrets.Backend, error) { return stuck{}, nil })}
	_, err := d.GetVariable(t.Context(), "x")
	require.Error(t, err)
	require.ErrorIs(t, d.Close(), secrets.ErrUnavailable)
	require.NoError(t, d.Close())
	require.NoError(t, (&deferred{store: lazy.New[secrets.Backend](nil)}).Close())
}
