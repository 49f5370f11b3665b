// Azurekv looks connections and variables up in Azure Key Vault. Without Azure at hand it brings a server of its own that
// speaks the protocol, login included, and which it fills first:
//
//	go run ./examples/azurekv
//
// With AZURE_KEYVAULT_URL set it reads that vault's secrets instead, with Azure's default credentials. It writes nothing
// there; make the secrets first:
//
//	az keyvault secret set --vault-name my-vault --name airflow-connections-warehouse \
//		--value postgresql://etl:s3cr3t@db.example.com:5432/warehouse
//	az keyvault secret set --vault-name my-vault --name airflow-variables-greeting --value 'good morning'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/internal/azuretest"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Getenv("AZURE_KEYVAULT_URL")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, vault string) error {
	options := &azurekv.Options{VaultURL: vault}
	if vault == "" {
		server := azuretest.New()
		defer server.Close()
		fill(server)
		options = standIn(server)
	}
	store, err := azurekv.Open(ctx, options)
	if err != nil {
		return err
	}
	defer store.Close()

	fmt.Fprintln(out, "# can the store be used?")
	fmt.Fprintln(out, "check:", orFine(store.Check(ctx)))

	fmt.Fprintln(out, "\n# one call each")
	conns, err := store.GetConnections(ctx, "warehouse")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "warehouse:", conns[0])
	greeting, err := store.GetVariable(ctx, "greeting")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "greeting: %d bytes\n", len(greeting))
	_, err = store.GetVariable(ctx, "absent")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))

	fmt.Fprintln(out, "\n# a disabled secret is a refusal, not an absence")
	_, err = store.GetVariable(ctx, "disabled")
	fmt.Fprintln(out, err)

	fmt.Fprintln(out, "\n# underscores become dashes, so two ids may be one secret")
	for _, id := range []string{"my_db", "my-db"} {
		name, asked := store.StoreName(secrets.KindConnection, id)
		fmt.Fprintln(out, id, "is", name, "asked:", asked)
	}

	fmt.Fprintln(out, "\n# what is there")
	ids, err := store.List(ctx, secrets.KindVariable)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, ids)
	return nil
}

// fill stores what the walkthrough reads. In a service, Terraform or somebody with more rights does that.
func fill(server *azuretest.Server) {
	server.Set("airflow-connections-warehouse", "postgresql://etl:s3cr3t@db.example.com:5432/warehouse")
	server.Set("airflow-variables-greeting", "good morning")
	server.Set("airflow-variables-disabled", "good night")
	server.Disable("airflow-variables-disabled")
}

// standIn says how to log in to the server of our own. For a vault in Azure, VaultURL is enough.
func standIn(server *azuretest.Server) *azurekv.Options {
	o := &azurekv.Options{
		VaultURL:                 server.URL,
		TenantID:                 azuretest.Tenant,
		ClientID:                 azuretest.ClientID,
		ClientSecret:             secrets.NewSecret(azuretest.ClientSecret),
		DisableInstanceDiscovery: true,
	}
	o.ClientOptions.Transport = server.Client() // trusts the server's certificate
	o.ClientOptions.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL}
	o.ClientOptions.DisableChallengeResourceVerification = true
	return o
}

func orFine(err error) any {
	if err == nil {
		return "fine"
	}
	return err
}
