package vault_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

// 10 000 lookups from 100 goroutines lose nothing while the server spoils one request in twenty and once takes the token away.
func TestLosesNothingAmongFaults(t *testing.T) {
	w := newWire(t, 2)
	w.Accept()
	var logins, asked atomic.Int64
	w.Answers["auth/approle/login"] = func(rw http.ResponseWriter, _ *http.Request) {
		token := fmt.Sprint("s.", logins.Add(1))
		w.Accept(token)
		vaultwire.Grant(rw, token, 3600, true)
	}
	faults := &wiretest.Faults{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == wiretest.Lookups/2 {
			w.Accept()
		}
		w.Answer(rw, r)
	})}
	w.Around = func(http.Handler) http.Handler { return faults }
	b := w.opened(t, vault.Options{Login: vault.AppRole{RoleID: "r"}, Retries: 8})

	wiretest.NothingIsLost(t, b,
		func(id, text string) { w.Put("secret/connections/"+id, map[string]any{"conn_uri": text}) },
		func(id, text string) { w.Put("secret/variables/"+id, map[string]any{"value": text}) })
	assert.EqualValues(t, 2, logins.Load(), "a login for the start and one for the loss")
	assert.Positive(t, faults.Throttled.Load())
	assert.Positive(t, faults.Reset.Load())
	assert.Positive(t, faults.Slowed.Load())
}

// The bare call of the vendor's client, and a lookup around it: the difference is what this package costs.
func BenchmarkLookup(b *testing.B) {
	w := newWire(b, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "world"})
	w.Put("secret/connections/pg", map[string]any{"conn_type": "postgres", "host": "h", "login": "u", "password": "p", "port": 5432})
	client := w.client(b)
	store, err := vault.New(client.Logical(), nil)
	require.NoError(b, err)
	opened := w.opened(b, vault.Options{})
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"bare", func() error {
			_, err := client.Logical().ReadWithContext(b.Context(), "secret/data/variables/hello")
			return err
		}},
		{"New", func() error { _, err := store.GetVariable(b.Context(), "hello"); return err }},
		{"Open", func() error { _, err := opened.GetVariable(b.Context(), "hello"); return err }},
		{"bare connection", func() error {
			_, err := client.Logical().ReadWithContext(b.Context(), "secret/data/connections/pg")
			return err
		}},
		{"connection", func() error { _, err := opened.GetConnections(b.Context(), "pg"); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A lookup is one request, and at most twelve allocations more than the vendor's client makes by itself.
func TestCost(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "world"})
	client := w.client(t)
	store := w.opened(t, vault.Options{})
	wiretest.Cost(t, func() int { return len(w.Requests()) },
		func() error {
			_, err := client.Logical().ReadWithContext(t.Context(), "secret/data/variables/hello")
			return err
		},
		func() error { _, err := store.GetVariable(t.Context(), "hello"); return err })
}
