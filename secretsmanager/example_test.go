package secretsmanager_test

import (
	"context"
	"encoding/json"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/secretsmanager"
)

// stored stands in for the SDK's client, which secretsmanager.NewFromConfig of the SDK makes.
type stored map[string]string

func (s stored) GetSecretValue(_ context.Context, in *sdk.GetSecretValueInput, _ ...func(*sdk.Options)) (*sdk.GetSecretValueOutput, error) {
	text, ok := s[*in.SecretId]
	if !ok {
		return nil, &types.ResourceNotFoundException{}
	}
	return &sdk.GetSecretValueOutput{SecretString: &text}, nil
}

func (s stored) BatchGetSecretValue(context.Context, *sdk.BatchGetSecretValueInput, ...func(*sdk.Options)) (*sdk.BatchGetSecretValueOutput, error) {
	return &sdk.BatchGetSecretValueOutput{}, nil
}

func (s stored) ListSecrets(context.Context, *sdk.ListSecretsInput, ...func(*sdk.Options)) (*sdk.ListSecretsOutput, error) {
	return &sdk.ListSecretsOutput{}, nil
}

// A secret that RDS manages has its database under dbname.
func ExampleNew_rds() {
	client := stored{"airflow/connections/orders": `{"engine": "postgres", "host": "db.example.com", "port": 5432,
		"username": "app", "password": "secret", "dbname": "orders", "dbInstanceIdentifier": "orders-1"}`}
	b, err := secretsmanager.New(client, &secretsmanager.Options{ExtraConnWords: map[string][]string{"schema": {"dbname"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conns, err := b.GetConnections(context.Background(), "orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conns[0])
	_, err = b.GetConnections(context.Background(), "absent")
	fmt.Println(err)
	// Output:
	// postgres://app:***@db.example.com:5432/orders
	// get connection "absent" (airflow/connections/absent): not found
}

// Nothing is asked before the first lookup: neither AWS nor the environment.
func ExampleOpen() {
	separator := "-"
	b, err := secretsmanager.Open(context.Background(), &secretsmanager.Options{
		AWS:       secretsmanager.AWS{Region: "eu-west-1"},
		Variables: backend.At("prod"), Separator: &separator,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(b.StoreName(secrets.KindVariable, "hello"))
	// Output: prod-hello true
}

// Airflow's own arguments open the same store.
func Example_airflow() {
	b, err := backend.Open(context.Background(), "airflow.contrib.secrets.aws_secrets_manager.SecretsManagerBackend",
		json.RawMessage(`{"connections_prefix": "prod/connections", "extra_conn_words": {"schema": ["dbname"]}, "profile_name": "default"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.(secrets.Namer).StoreName(secrets.KindConnection, "db"))
	// Output: prod/connections/db true
}
