package azurekv_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/backend"
)

// vault stands in for Microsoft's client, which azsecrets.NewClient makes.
type vault map[string]string

func (v vault) GetSecret(_ context.Context, name, _ string, _ *azsecrets.GetSecretOptions) (azsecrets.GetSecretResponse, error) {
	value, ok := v[name]
	if !ok {
		return azsecrets.GetSecretResponse{}, &azcore.ResponseError{StatusCode: 404, ErrorCode: "SecretNotFound"}
	}
	return azsecrets.GetSecretResponse{Secret: azsecrets.Secret{Value: &value}}, nil
}

func (v vault) NewListSecretPropertiesPager(*azsecrets.ListSecretPropertiesOptions) *runtime.Pager[azsecrets.ListSecretPropertiesResponse] {
	return nil // the example lists nothing
}

func ExampleNew() {
	client := vault{"prod-my-db": "postgresql://app:secret@db.example.com:5432/orders"}
	b, err := azurekv.New(client, &azurekv.Options{Connections: backend.At("prod"), Config: backend.Off})
	if err != nil {
		fmt.Println(err)
		return
	}
	conns, err := b.GetConnections(context.Background(), "my_db")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conns[0])
	_, err = b.GetVariable(context.Background(), "hello")
	fmt.Println(err)
	fmt.Println(b.StoreName(secrets.KindConnection, "team/db"))
	// Output:
	// postgres://app:***@db.example.com:5432/orders
	// get variable "hello" (airflow-variables-hello): not found
	// prod-team/db false
}

// Nothing is asked before the first lookup: neither the vault nor the login service.
func ExampleOpen() {
	b, err := azurekv.Open(context.Background(), &azurekv.Options{
		VaultURL:                "https://my-vault.vault.azure.net/",
		ManagedIdentityClientID: "22222222-2222-2222-2222-222222222222",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(b)
	// Output:
	// azurekv.Backend(https://my-vault.vault.azure.net/)
}

// Airflow's own class path and arguments open the store.
func Example_airflow() {
	b, err := backend.Open(context.Background(), "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
		json.RawMessage(`{"connections_prefix": "prod-connections", "variables_prefix": null, "vault_url": "https://my-vault.vault.azure.net/"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	namer := b.(secrets.Namer)
	fmt.Println(namer.StoreName(secrets.KindConnection, "smtp_default"))
	fmt.Println(namer.StoreName(secrets.KindVariable, "hello"))
	// Output:
	// prod-connections-smtp-default true
	//  false
}
