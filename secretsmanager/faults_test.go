package secretsmanager_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/secretsmanager"
)

func TestNothingIsLost(t *testing.T) {
	awstest.NothingIsLost(t,
		func(wire *awswire.Server, id, text string) { wire.SetSecret("airflow/connections/"+id, text) },
		func(wire *awswire.Server, id, text string) { wire.SetSecret("airflow/variables/"+id, text) },
		func(cfg aws.Config) (secrets.Backend, error) { return secretsmanager.New(sdk.NewFromConfig(cfg), nil) })
}
