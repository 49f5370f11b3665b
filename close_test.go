package secrets_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

type closeCounter struct {
	secrets.Backend
	closed int
	err    error
}

func (c *closeCounter) Close() error { c.closed++; return c.err }

var _ io.Closer = (*closeCounter)(nil)

func TestClose(t *testing.T) {
	one, two := &closeCounter{Backend: readOnly{fake()}, err: errors.New("x")}, &closeCounter{Backend: readOnly{fake()}}
	c, err := secrets.NewChain([]secrets.Layer{{Name: "one", Backend: one}, {Name: "two", Backend: two}}, nil)
	require.NoError(t, err)
	assert.ErrorContains(t, c.Close(), "one")
	assert.NoError(t, c.Close())
	assert.Equal(t, []int{1, 1}, []int{one.closed, two.closed})
	_, err = c.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	_, err = c.SetVariable(t.Context(), "k", "v")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	_, err = c.Explain(t.Context(), secrets.KindVariable, "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	assert.ErrorIs(t, c.Check(t.Context()), secrets.ErrClosed)
}

func TestCloseClosesEveryBackendOnce(t *testing.T) {
	shared, last := &closeCounter{Backend: readOnly{fake()}}, &closeCounter{Backend: readOnly{fake()}}
	c, err := secrets.NewChain([]secrets.Layer{
		{Name: "one", Backend: shared},
		{Name: "panics", Backend: panicsOnClose{fake()}},
		{Name: "two", Backend: shared, Match: func(secrets.Kind, string) bool { return false }},
		{Name: "last", Backend: last},
	}, nil)
	require.NoError(t, err)
	err = c.Close()
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, `"panics"`)
	backendtest.NoLeak(t, "pLanted5ecret", err)
	assert.Equal(t, []int{1, 1}, []int{shared.closed, last.closed})
}

type panicsOnClose struct{ secrets.Backend }

func (panicsOnClose) Close() error { panic("pLanted5ecret") }

func TestCloseEndsLookupsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalled := fake()
		stalled.Stall(true)
		c, err := secrets.NewChain([]secrets.Layer{{Name: "slow", Backend: stalled}}, nil)
		require.NoError(t, err)
		ended := make(chan error, 2)
		for key, ctx := range map[string]context.Context{"k": t.Context(), "l": context.Background()} { // one load each
			go func() { _, err := c.GetVariable(ctx, key); ended <- err }()
		}
		synctest.Wait()
		require.NoError(t, c.Close())
		for range 2 {
			assert.ErrorIs(t, <-ended, secrets.ErrClosed)
		}
	})
}
