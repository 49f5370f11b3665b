package ssm_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/ssm"
)

const answer = `{"Parameter": {"Name": "/airflow/variables/hello", "Type": "SecureString", "Value": "world", "Version": 1}}`

func calls(cfg aws.Config) (bare, lookup func() error) {
	client := sdk.NewFromConfig(cfg)
	store, err := ssm.New(client, nil)
	bare = func() error {
		name, decrypt := "/airflow/variables/hello", true
		_, err := client.GetParameter(context.Background(), &sdk.GetParameterInput{Name: &name, WithDecryption: &decrypt})
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
