package secrets_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func TestObserverSeesEveryCall(t *testing.T) {
	type event struct {
		call  secrets.Call
		class error
	}
	var mu sync.Mutex
	var events []event
	type key struct{}
	seen := false
	observer := observerFunc(func(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
		return context.WithValue(ctx, key{}, call.Layer), func(err error) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, event{call, secrets.ClassOf(err)})
		}
	})
	second := secrets.Funcs{Variable: func(ctx context.Context, _ string) (string, error) {
		seen = ctx.Value(key{}) == "two"
		return "v", nil
	}}
	c := newChain(t, &secrets.Options{Observer: observer}, secrets.Layer{Name: "one", Backend: fake()}, secrets.Layer{Name: "two", Backend: second})
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, []event{
		{secrets.Call{Layer: "one", Kind: secrets.KindVariable, ID: "k"}, secrets.ErrNotFound},
		{secrets.Call{Layer: "two", Kind: secrets.KindVariable, ID: "k"}, nil},
	}, events)
	assert.True(t, seen, "the backend gets the observer's context")
}

type observerFunc func(context.Context, secrets.Call) (context.Context, func(error))

func (f observerFunc) Start(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
	return f(ctx, call)
}
