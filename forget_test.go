package secrets_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestWritesDropTheNameFromTheCache(t *testing.T) {
	c, _ := cached(t, secrets.CacheOptions{NegativeTTL: time.Hour}, secrets.Layer{Name: "store", Backend: fake()})
	ctx := t.Context()
	_, err := c.GetVariable(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = c.SetVariable(ctx, "k", "1")
	require.NoError(t, err)
	text, err := c.GetVariable(ctx, "k")
	require.NoError(t, err)
	assert.True(t, text == "1")
	_, err = c.SetVariable(ctx, "k", "2")
	require.NoError(t, err)
	text, err = c.GetVariable(ctx, "k")
	require.NoError(t, err)
	assert.True(t, text == "2")
	_, err = c.DeleteVariable(ctx, "k")
	require.NoError(t, err)
	_, err = c.GetVariable(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)

	_, err = c.GetConnection(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = c.SetConnection(ctx, secrets.Connection{ID: "k", Type: "mysql", Host: "h"})
	require.NoError(t, err)
	conn, err := c.GetConnection(ctx, "k")
	require.NoError(t, err)
	assert.Equal(t, "h", conn.Host)
	_, err = c.DeleteConnection(ctx, "k")
	require.NoError(t, err)
	_, err = c.GetConnection(ctx, "k")
	require.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestForget(t *testing.T) {
	store := fake("k", "1", "l", "1")
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: store})
	read := func(key, want string) {
		t.Helper()
		text, err := c.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, text == want, "variable %q", key)
	}
	read("k", "1")
	read("l", "1")
	require.NoError(t, store.SetVariable(t.Context(), "k", "2"))
	require.NoError(t, store.SetVariable(t.Context(), "l", "2"))
	c.Forget(secrets.KindConnection, "k")
	c.Forget(0, "k")
	c.Forget(secrets.KindConfig+1, "k")
	read("k", "1")
	c.Forget(secrets.KindVariable, "k")
	read("k", "2")
	read("l", "1")
	require.NoError(t, store.SetVariable(t.Context(), "k", "3"))
	c.ForgetAll()
	read("k", "3")
	read("l", "2")
}

// Without a cache too: who comes after a write does not join a search from before it, nor is given what it has found.
func TestForgetDuringASearch(t *testing.T) {
	forgets := map[string]func(c *secrets.Chain){
		"Forget":    func(c *secrets.Chain) { c.Forget(secrets.KindVariable, "k") },
		"ForgetAll": (*secrets.Chain).ForgetAll,
	}
	for name, opts := range map[string]*secrets.Options{"cache": {Cache: &secrets.CacheOptions{}}, "no cache": nil} {
		for call, forget := range forgets {
			for when, asked := range map[string]bool{"asked before its end": true, "asked after it": false} {
				t.Run(name+"/"+call+"/"+when, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { forgetDuringASearch(t, opts, forget, asked) })
				})
			}
		}
	}
}

func forgetDuringASearch(t *testing.T, opts *secrets.Options, forget func(c *secrets.Chain), asked bool) {
	var n atomic.Int32
	open := make(chan struct{})
	c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: secrets.Funcs{
		Variable: func(context.Context, string) (string, error) {
			if n.Add(1) == 1 {
				<-open
				return "before", nil
			}
			return "after", nil
		}}}}, opts)
	require.NoError(t, err)
	before := make(chan string, 1)
	go func() {
		text, err := c.GetVariable(t.Context(), "k")
		assert.NoError(t, err)
		before <- text
	}()
	synctest.Wait()
	forget(c)
	ask := func() {
		text, err := c.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "after", text)
	}
	if asked {
		ask()
	}
	close(open)
	assert.Equal(t, "before", <-before)
	ask()
	require.NoError(t, c.Close())
}

// late is a store whose writes take no notice of their context, and are done once released.
type late struct {
	*backendtest.Fake
	release chan struct{}
}

func (l late) SetVariable(_ context.Context, key, value string) error {
	<-l.release
	return l.Fake.SetVariable(context.Background(), key, value)
}

// A write that nobody waits for any more drops the name once more when it is done.
func TestLateWriteDropsTheNameFromTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := late{fake("k", "1"), make(chan struct{})}
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store, Timeout: time.Second}}, &secrets.Options{Cache: &secrets.CacheOptions{}})
		require.NoError(t, err)
		_, err = c.SetVariable(t.Context(), "k", "2")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		text, err := c.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, text == "1")
		close(store.release)
		synctest.Wait()
		text, err = c.GetVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.True(t, text == "2")
		require.NoError(t, c.Close())
	})
}

func TestClosedChainForgetsWhatItKept(t *testing.T) {
	c, _ := cached(t, secrets.CacheOptions{}, secrets.Layer{Name: "store", Backend: fake("k", "v")})
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	_, err = c.GetConnection(t.Context(), "k")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = c.GetVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	_, err = c.GetConnection(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrClosed)
	assert.ErrorIs(t, c.Prefetch(t.Context(), secrets.KindVariable, "k"), secrets.ErrClosed)
	assert.Zero(t, c.Stats().Entries)
}
