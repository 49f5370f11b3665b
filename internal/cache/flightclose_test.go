package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets/internal/cache"
)

var errClosed = errors.New("closed for the test")

func TestFlightClose(t *testing.T) {
	for name, leader := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				f := cache.NewFlight(g.load)
				first := caller(context.WithValue(leader(t), contextKey{}, 1), f, "k")
				second := caller(t.Context(), f, "k")
				third := caller(leader(t), f, "other")
				f.Close(errClosed)
				f.Close(errors.New("a second cause"))
				synctest.Wait()
				assert.Equal(t, answer{"", false, errClosed}, first.now())
				assert.Equal(t, answer{"", true, errClosed}, second.now())
				assert.Equal(t, answer{"", false, errClosed}, third.now())
				assert.EqualValues(t, 2, g.ended.Load())
				_, _, err := f.Do(leader(t), "k")
				assert.Equal(t, errClosed, err)
				assert.EqualValues(t, 2, g.started.Load())
			})
		})
	}
}

func TestFlightCloseWaitsForTheLoads(t *testing.T) {
	for name, leader := range endings {
		for _, company := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, company %t", name, company), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stubborn := make(chan struct{})
					f := cache.NewFlight(func(context.Context, string) (string, error) {
						<-stubborn
						return "late", nil
					})
					first := caller(leader(t), f, "k")
					second := new(pending)
					if company {
						second = caller(context.Background(), f, "k")
					}
					var closed atomic.Int32
					for range 2 {
						go func() {
							f.Close(errClosed)
							closed.Add(1)
						}()
					}
					synctest.Wait()
					assert.Zero(t, closed.Load())
					if company {
						assert.Equal(t, answer{"", true, errClosed}, second.now())
					}
					close(stubborn)
					synctest.Wait()
					assert.EqualValues(t, 2, closed.Load())
					if name == "load on the caller's goroutine" {
						assert.Equal(t, answer{"late", false, nil}, first.now())
					} else {
						assert.Equal(t, answer{"", false, errClosed}, first.now())
					}
				})
			})
		}
	}
}

func TestFlightCloseWaitsForAbandonedLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stubborn := make(chan struct{})
		f := cache.NewFlight(func(context.Context, string) (string, error) {
			<-stubborn
			return "", nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		caller(ctx, f, "k")
		cancel()
		var closed atomic.Bool
		go func() {
			f.Close(errClosed)
			closed.Store(true)
		}()
		synctest.Wait()
		assert.False(t, closed.Load())
		close(stubborn)
		synctest.Wait()
		assert.True(t, closed.Load())
	})
}
