package gcpsm_test

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
)

// A lookup is one request, and at most twelve allocations more than Google's client makes by itself.
func TestCost(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	c := &countingClient{Client: client(t, address(t, s))}
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	name, _ := b.StoreName(secrets.KindVariable, "hello")

	const runs = 300
	bare := testing.AllocsPerRun(runs, func() {
		_, err := c.Client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: name})
		assert.NoError(t, err)
	})
	before := len(s.Calls())
	ours := testing.AllocsPerRun(runs, func() {
		_, err := b.GetVariable(ctx, "hello")
		assert.NoError(t, err)
	})
	assert.Len(t, s.Calls(), before+runs+1, "one request a lookup; AllocsPerRun warms up once")
	assert.LessOrEqual(t, ours, bare+12)
}

func BenchmarkLookup(b *testing.B) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	c := client(b, address(b, s))
	store, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project})
	require.NoError(b, err)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	name, _ := store.StoreName(secrets.KindVariable, "hello")

	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: name}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.GetVariable(ctx, "hello"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
