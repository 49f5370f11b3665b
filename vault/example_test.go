package vault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hashicorp/vault/api"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/vault"
)

func ExampleOpen() {
	server := exampleServer()
	defer server.Close()
	ctx := context.Background()

	store, err := vault.Open(ctx, &vault.Options{
		Address: server.URL,
		Mount:   "airflow",
		Login:   vault.AppRole{RoleID: "app", SecretID: secrets.NewSecret("s3cret-id")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	conns, err := store.GetConnections(ctx, "smtp_default")
	fmt.Println(conns, err)
	_, err = store.GetVariable(ctx, "absent")
	fmt.Println(err)
	// Output:
	// [smtps://user:***@relay.example.com:465] <nil>
	// get variable "absent" (airflow/variables/absent): not found
}

// A client of one's own, which is logged in and kept so elsewhere.
func ExampleNew() {
	server := exampleServer()
	defer server.Close()
	ctx := context.Background()

	config := api.DefaultConfig()
	config.Address = server.URL
	client, err := api.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.SetToken("s.token")

	store, err := vault.New(client.Logical(), &vault.Options{Mount: "airflow"})
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := store.GetVariable(ctx, "hello")
	fmt.Println(value, err)
	// Output:
	// world <nil>
}

// Airflow's configuration as it is.
func Example_driver() {
	store, err := backend.Open(context.Background(), "airflow.providers.hashicorp.secrets.vault.VaultBackend",
		json.RawMessage(`{"mount_point": "airflow", "url": "http://127.0.0.1:8200", "auth_type": "kubernetes", "kubernetes_role": "web"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.(secrets.Namer).StoreName(secrets.KindConnection, "smtp_default"))
	// Output:
	// airflow/connections/smtp_default true
}

// exampleServer answers like a Vault with one engine of version 2 at airflow.
func exampleServer() *httptest.Server {
	w := vaultwire.New(2)
	w.Mounts["airflow"] = 2
	w.Accept("s.token")
	w.Answers["auth/approle/login"] = func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Grant(rw, "s.token", 3600, true) }
	w.Put("airflow/connections/smtp_default", map[string]any{"conn_uri": "smtps://user:pass@relay.example.com:465"})
	w.Put("airflow/variables/hello", map[string]any{"value": "world"})
	return httptest.NewServer(w)
}
