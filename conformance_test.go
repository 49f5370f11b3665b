package secrets_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestChainIsABackend(t *testing.T) {
	for name, make := range map[string]func(inner secrets.Backend) *secrets.Chain{
		"alone": func(inner secrets.Backend) *secrets.Chain {
			c, _ := secrets.NewChain([]secrets.Layer{{Name: "one", Backend: inner}}, nil)
			return c
		},
		"nested, behind an empty layer": func(inner secrets.Backend) *secrets.Chain {
			c, _ := secrets.NewChain([]secrets.Layer{{Name: "one", Backend: inner}}, nil)
			d, _ := secrets.NewChain([]secrets.Layer{{Name: "empty", Backend: fake()}, {Name: "chain", Backend: c}}, nil)
			return d
		},
	} {
		t.Run(name, func(t *testing.T) { backendtest.RunWrapped(t, make) })
	}
}

// TestCachedChainIsABackend holds a chain with a cache to the suite, also where everything it says comes from the cache.
func TestCachedChainIsABackend(t *testing.T) {
	opts := &secrets.Options{Cache: &secrets.CacheOptions{NegativeTTL: time.Minute, StaleIfError: time.Minute, RefreshAhead: time.Minute}}
	over := func(b secrets.Backend) *secrets.Chain {
		c, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: b}}, opts)
		require.NoError(t, err)
		return c
	}
	for name, wrap := range map[string]func(b secrets.Backend) *secrets.Chain{
		"once":  over,
		"twice": func(b secrets.Backend) *secrets.Chain { return over(readTwice{over(b)}) },
	} {
		t.Run(name, func(t *testing.T) { backendtest.RunWrapped(t, wrap) })
	}
}

// readTwice reads everything twice and returns what it got the second time.
type readTwice struct{ *secrets.Chain }

func (b readTwice) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	_, _ = b.Chain.GetConnections(ctx, id)
	return b.Chain.GetConnections(ctx, id)
}

func (b readTwice) GetVariable(ctx context.Context, key string) (string, error) {
	_, _ = b.Chain.GetVariable(ctx, key)
	return b.Chain.GetVariable(ctx, key)
}

func (b readTwice) GetConfig(ctx context.Context, key string) (string, error) {
	_, _ = b.Chain.GetConfig(ctx, key)
	return b.Chain.GetConfig(ctx, key)
}

func TestFuncsIsABackend(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		OneConnection: true,
		NoConfig:      true,
		Make: func(_ *testing.T, content backendtest.Content) secrets.Backend {
			get := func(texts map[string]string) func(context.Context, string) (string, error) {
				return func(_ context.Context, name string) (string, error) {
					text, ok := texts[name]
					if !ok {
						return "", secrets.ErrNotFound
					}
					return text, nil
				}
			}
			connections := map[string]string{}
			for id, texts := range content.Connections {
				connections[id] = texts[0]
			}
			return secrets.Funcs{Connection: get(connections), Variable: get(content.Variables)}
		},
		Fail: func(_ *testing.T, class error) secrets.Backend {
			fail := func(context.Context, string) (string, error) { return "", class }
			return secrets.Funcs{Connection: fail, Variable: fail}
		},
	})
}
