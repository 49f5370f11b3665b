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

// Without a cache too: who comes after a write does not join a search from before it.
func TestForgetDuringASearch(t *testing.T) {
	forgets := map[string]func(c *secrets.Chain){
		"Forget":    func(c *secrets.Chain) { c.Forget(secrets.KindVariable, "k") },
		"ForgetAll": (*secrets.Chain).ForgetAll,
	}
	for name, opts := range map[string]*secrets.Options{"cache": {Cache: &secrets.CacheOptions{}}, "no cache": nil} {
		for call, forget := range forgets {
			t.Run(name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
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
					text, err := c.GetVariable(t.Context(), "k")
					require.NoError(t, err)
					assert.Equal(t, "after", text)
					close(open)
					assert.Equal(t, "before", <-before)
					text, err = c.GetVariable(t.Context(), "k")
					require.NoError(t, err)
					assert.Equal(t, "after", text)
					require.NoError(t, c.Close())
				})
			})
		}
	}
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
