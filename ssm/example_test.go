package ssm_test

import (
	"context"
	"encoding/json"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/ssm"
)

// parameters stands in for the SDK's client, which ssm.NewFromConfig of the SDK makes.
type parameters map[string]string

func (p parameters) GetParameter(_ context.Context, in *sdk.GetParameterInput, _ ...func(*sdk.Options)) (*sdk.GetParameterOutput, error) {
	value, ok := p[*in.Name]
	if !ok {
		return nil, &types.ParameterNotFound{}
	}
	return &sdk.GetParameterOutput{Parameter: &types.Parameter{Value: &value}}, nil
}

func (p parameters) GetParameters(context.Context, *sdk.GetParametersInput, ...func(*sdk.Options)) (*sdk.GetParametersOutput, error) {
	return &sdk.GetParametersOutput{}, nil
}

func (p parameters) DescribeParameters(context.Context, *sdk.DescribeParametersInput, ...func(*sdk.Options)) (*sdk.DescribeParametersOutput, error) {
	return &sdk.DescribeParametersOutput{}, nil
}

func ExampleNew() {
	client := parameters{"/prod/connections/db": "postgresql://app:secret@db.example.com:5432/orders"}
	b, err := ssm.New(client, &ssm.Options{Connections: backend.At("/prod/connections"), Config: backend.Off})
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
	fmt.Println(b.StoreName(secrets.KindConnection, "db:3"))
	// Output:
	// postgres://app:***@db.example.com:5432/orders
	// get variable "hello" (/airflow/variables/hello): not found
	// /prod/connections/db:3 false
}

// Nothing is asked before the first lookup: neither AWS nor the environment.
func ExampleOpen() {
	b, err := ssm.Open(context.Background(), &ssm.Options{
		AWS: ssm.AWS{Region: "eu-west-1", RoleARN: "arn:aws:iam::123456789012:role/secrets-reader"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(b.StoreName(secrets.KindVariable, "hello"))
	// Output: /airflow/variables/hello true
}

// Airflow's own arguments open the same store.
func Example_airflow() {
	_, err := backend.Open(context.Background(),
		"airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
		json.RawMessage(`{"connections_prefix": "/prod/connections", "profile": "default"}`))
	fmt.Println(err != nil)
	_, err = backend.Open(context.Background(), "ssm",
		json.RawMessage(`{"connections_prefix": "/prod/connections", "profile_name": "default"}`))
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
