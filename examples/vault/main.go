// Vault looks connections and variables up in HashiCorp Vault or OpenBao. Without a server at hand it brings a stand-in of
// its own that speaks the protocol, and which it fills first:
//
//	go run ./examples/vault
//
// With VAULT_ADDR, and a token in VAULT_TOKEN, it asks that server instead, such as one started with vault server -dev.
// It writes below connections/ and variables/ of the key/value engine (version 2) at secret/ there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"

	"github.com/hashicorp/vault/api"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/vault"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Getenv("VAULT_ADDR")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, address string) error {
	opts, stop := connect(address)
	defer stop()
	if err := fill(ctx, opts.Address); err != nil {
		return err
	}

	store, err := vault.Open(ctx, &opts)
	if err != nil {
		return err
	}
	defer store.Close()

	fmt.Fprintln(out, "# can the store be used?")
	fmt.Fprintln(out, "check:", orFine(store.Check(ctx)))

	fmt.Fprintln(out, "\n# one request each, and one login before the first")
	for _, id := range []string{"warehouse", "relay"} {
		conns, err := store.GetConnections(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, id+":", conns[0])
	}
	greeting, err := store.GetVariable(ctx, "walkthrough/greeting")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "walkthrough/greeting:", greeting)

	fmt.Fprintln(out, "\n# absent is absent, and nothing else is")
	_, err = store.GetVariable(ctx, "walkthrough/absent")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))
	_, err = store.GetConnections(ctx, "broken")
	fmt.Fprintf(out, "%v\n  malformed: %t\n", err, errors.Is(err, secrets.ErrMalformed))

	fmt.Fprintln(out, "\n# an engine of another version would make every name seem absent; Check tells")
	opts.KVVersion = 1
	other, err := vault.Open(ctx, &opts)
	if err != nil {
		return err
	}
	defer other.Close()
	fmt.Fprintln(out, "check:", orFine(other.Check(ctx)))

	fmt.Fprintln(out, "\n# what is there")
	ids, err := store.List(ctx, secrets.KindVariable)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "walkthrough/greeting is listed:", slices.Contains(ids, "walkthrough/greeting"))
	return nil
}

// connect returns how to reach the server: the one at address with the token in VAULT_TOKEN, or a stand-in with the
// login that a service would use.
func connect(address string) (opts vault.Options, stop func()) {
	if address != "" {
		return vault.Options{Address: address}, func() {}
	}
	server := vaultwire.New(2)
	server.Answers["auth/approle/login"] = func(w http.ResponseWriter, _ *http.Request) { vaultwire.Grant(w, "s.walkthrough", 3600, true) }
	listening := httptest.NewServer(server)
	return vault.Options{
		Address: listening.URL,
		Login:   vault.AppRole{RoleID: "walkthrough", SecretID: secrets.NewSecret("s3cr3t-id")},
	}, listening.Close
}

// fill writes what the walkthrough reads. In a service, Terraform or somebody with more rights does that:
//
//	vault kv put secret/connections/relay conn_uri=smtps://...
func fill(ctx context.Context, address string) error {
	config := api.DefaultConfig()
	config.Address = address
	client, err := api.NewClient(config)
	if err != nil {
		return err
	}
	defer config.HttpClient.CloseIdleConnections()
	kv := client.KVv2("secret")
	for path, data := range map[string]map[string]any{
		"connections/relay": {"conn_uri": "smtps://mailer:s3cr3t@relay.example.com:465"},
		"connections/warehouse": {"conn_type": "postgresql", "host": "db.example.com", "port": "5432", "login": "etl",
			"password": "s3cr3t", "schema": "warehouse", "extra": `{"sslmode": "require"}`},
		"connections/broken":             {"conn_type": "mysql", "user": "s3cr3t"},
		"variables/walkthrough/greeting": {"value": "good morning"},
	} {
		if _, err := kv.Put(ctx, path, data); err != nil {
			return err
		}
	}
	return nil
}

func orFine(err error) any {
	if err == nil {
		return "fine"
	}
	return err
}
