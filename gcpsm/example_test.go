package gcpsm_test

import (
	"context"
	"encoding/json"
	"fmt"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/gcpsm"
)

// versions stands in for Google's client, which secretmanager.NewClient makes.
type versions map[string]string

func (v versions) AccessSecretVersion(_ context.Context, req *secretmanagerpb.AccessSecretVersionRequest, _ ...gax.CallOption) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	value, ok := v[req.Name]
	if !ok {
		return nil, status.Error(codes.NotFound, "")
	}
	return &secretmanagerpb.AccessSecretVersionResponse{Payload: &secretmanagerpb.SecretPayload{Data: []byte(value)}}, nil
}

func (v versions) ListSecrets(context.Context, *secretmanagerpb.ListSecretsRequest, ...gax.CallOption) *secretmanager.SecretIterator {
	return nil // the example lists nothing
}

func ExampleNew() {
	client := versions{"projects/my-project/secrets/prod-db/versions/latest": "postgresql://app:secret@db.example.com:5432/orders"}
	b, err := gcpsm.New(client, &gcpsm.Options{Project: "my-project", Connections: backend.At("prod"), Config: backend.Off})
	if err != nil {
		fmt.Println(err)
		return
	}
	conns, err := b.GetConnections(context.Background(), "db")
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
	// get variable "hello" (projects/my-project/secrets/airflow-variables-hello/versions/latest): not found
	// projects/my-project/secrets/prod-team/db/versions/latest false
}

// Nothing is read or asked before the first lookup: neither the key file nor Google.
func ExampleOpen() {
	b, err := gcpsm.Open(context.Background(), &gcpsm.Options{
		Project:     "my-project",
		KeyFile:     "/etc/service/key.json",
		Impersonate: []string{"secrets-reader@my-project.iam.gserviceaccount.com"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(b)
	// Output:
	// gcpsm.Backend(my-project)
}

// Airflow's own class path and arguments open the store.
func Example_airflow() {
	b, err := backend.Open(context.Background(), "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
		json.RawMessage(`{"connections_prefix": "prod-connections", "variables_prefix": null, "project_id": "my-project"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	namer := b.(secrets.Namer)
	fmt.Println(namer.StoreName(secrets.KindConnection, "smtp_default"))
	fmt.Println(namer.StoreName(secrets.KindVariable, "hello"))
	// Output:
	// projects/my-project/secrets/prod-connections-smtp_default/versions/latest true
	//  false
}
