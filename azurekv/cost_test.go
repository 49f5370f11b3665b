package azurekv_test

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// bare is Microsoft's own client of s, with the same login.
func bare(t testing.TB, s *azuretest.Server) *azsecrets.Client {
	t.Helper()
	options := clientOptions(s)
	credential, err := azidentity.NewClientSecretCredential(azuretest.Tenant, azuretest.ClientID, azuretest.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options.ClientOptions, DisableInstanceDiscovery: true})
	require.NoError(t, err)
	client, err := azsecrets.NewClient(s.URL, credential, &options)
	require.NoError(t, err)
	return client
}

// A lookup is one request, and at most twelve allocations more than Microsoft's client makes by itself.
func TestCost(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-hello", "world")
	client := bare(t, s)
	over, err := azurekv.New(client, nil)
	require.NoError(t, err)
	opened := store(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, b := range map[string]*azurekv.Backend{"New": over, "Open": opened} {
		t.Run(name, func(t *testing.T) {
			wiretest.Cost(t, func() int { return len(s.Calls()) },
				func() error { _, err := client.GetSecret(ctx, "airflow-variables-hello", "", nil); return err },
				func() error { _, err := b.GetVariable(ctx, "hello"); return err })
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	s := newServer(b)
	s.Set("airflow-variables-hello", "world")
	client, opened := bare(b, s), store(b, s)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.GetSecret(ctx, "airflow-variables-hello", "", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := opened.GetVariable(ctx, "hello"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
