package secretsmanager_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/secretsmanager"
)

const answer = `{"Name": "airflow/variables/hello", "SecretString": "world", "VersionStages": ["AWSCURRENT"]}`

func calls(cfg aws.Config) (bare, lookup func() error) {
	client := sdk.NewFromConfig(cfg)
	store, err := secretsmanager.New(client, nil)
	bare = func() error {
		name := "airflow/variables/hello"
		_, err := client.GetSecretValue(context.Background(), &sdk.GetSecretValueInput{SecretId: &name})
		return err
	}
	lookup = func() error {
		if err == nil {
			_, err = store.GetVariable(context.Background(), "hello")
		}
		return err
	}
	return bare, lookup
}

func TestCost(t *testing.T) { awstest.Cost(t, answer, calls) }

func TestCostOfOpen(t *testing.T) { awstest.CostOfOpen(t, answer, calls, open) }

func BenchmarkLookup(b *testing.B) { awstest.Compare(b, answer, calls) }
