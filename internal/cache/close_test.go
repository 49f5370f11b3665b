package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

func TestCacheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		c := cache.New(func(ctx context.Context, key string) (string, error) {
			if key == "slow" {
				<-open // does not obey its context
			}
			return key, nil
		}, cache.Options[string]{TTL: time.Hour})
		_, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		var slow atomic.Pointer[error]
		go func() {
			_, err := c.Get(t.Context(), "slow")
			slow.Store(&err)
		}()
		synctest.Wait()
		var closed atomic.Bool
		go func() {
			c.Close(errClosed)
			closed.Store(true)
		}()
		synctest.Wait()
		assert.Equal(t, errClosed, *slow.Load())
		assert.False(t, closed.Load(), "waits for its goroutines")
		close(open)
		synctest.Wait()
		assert.True(t, closed.Load())
		c.Close(errors.New("a second cause"))
		for _, key := range []string{"k", "slow"} {
			_, ok := c.Find(key)
			assert.False(t, ok)
			_, err = c.Get(t.Context(), key)
			assert.Equal(t, errClosed, err)
		}
		assert.Zero(t, c.Stats().Entries)
	})
}

// A load on its caller's goroutine that ends while Close waits for it stores nothing.
func TestCacheCloseDuringALoadOnItsCallersGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		c := cache.New(func(context.Context, string) (string, error) {
			<-open
			return "late", nil
		}, cache.Options[string]{TTL: time.Hour})
		go func() { _, _ = c.Get(context.Background(), "k") }()
		synctest.Wait()
		go c.Close(errClosed)
		synctest.Wait()
		close(open)
		synctest.Wait()
		assert.Zero(t, c.Stats().Entries)
	})
}
