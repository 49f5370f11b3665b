package gcpsm_test

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/wiretest"
)

// A lookup is one request, and at most twelve allocations more than Google's client makes by itself.
func TestCost(t *testing.T) {
	s := newServer()
	s.Set("airflow-variables-hello", "world")
	c := client(t, address(t, s))
	b, err := gcpsm.New(c, &gcpsm.Options{Project: s.Project})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	name, _ := b.StoreName(secrets.KindVariable, "hello")

	wiretest.Cost(t, func() int { return len(s.Calls()) },
		func() error {
			_, err := c.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: name})
			return err
		},
		func() error { _, err := b.GetVariable(ctx, "hello"); return err })
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
