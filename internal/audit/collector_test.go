package audit

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// collector is what came out of a package: errors and values to print, and what was logged.
type collector struct {
	mu      sync.Mutex
	printed []any
	log     bytes.Buffer
}

func (c *collector) add(values ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.printed = append(c.printed, values...)
}

func (c *collector) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(p)
}

func (c *collector) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Start implements secrets.Observer: events are printed too.
func (c *collector) Start(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
	return ctx, func(err error) { c.add(call, err) }
}

// use asks a chain over one backend for everything there is, and collects what it says.
func use(t *testing.T, c *collector, b secrets.Backend, names ...string) {
	t.Helper()
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "audited", Backend: b}},
		&secrets.Options{Observer: c, Logger: c.logger(), FallThrough: true, Cache: &secrets.CacheOptions{NegativeTTL: time.Minute}})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, name := range append(names, "db", "key", "absent") {
		conn, err := chain.LookupConnection(ctx, name)
		c.add(conn, err)
		conns, err := chain.GetConnections(ctx, name)
		c.add(conns, err)
		_, err = chain.GetConnURI(ctx, name)
		c.add(err)
		variable, err := chain.LookupVariable(ctx, name)
		c.add(variable, err)
		_, err = secrets.VariableJSON[map[string]int](ctx, chain, name)
		c.add(err)
		_, err = chain.GetConfig(ctx, name)
		c.add(err)
		attempts, err := chain.Explain(ctx, secrets.KindConnection, name)
		c.add(attempts, err)
	}
	written, err := chain.SetConnection(ctx, secrets.Connection{ID: "bad id", Password: secrets.NewSecret(planted), Extra: secrets.NewSecret(planted)})
	c.add(written, err)
	written, err = chain.SetVariable(ctx, "written", planted)
	c.add(written, err)
	c.add(chain.Check(ctx), chain.Stats(), chain, b)
	if batcher, ok := b.(secrets.Batcher); ok {
		_, err := batcher.GetVariables(ctx, []string{"db", "key", "absent"})
		c.add(err)
		_, err = batcher.GetConnectionMap(ctx, append(names, "db"))
		c.add(err)
	}
	c.add(chain.Close(), chain)
}
