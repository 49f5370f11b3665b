package ssm_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/ssm"
)

func TestNothingIsLost(t *testing.T) {
	awstest.NothingIsLost(t,
		func(wire *awswire.Server, id, text string) {
			wire.SetParameter("/airflow/connections/"+id, "SecureString", text)
		},
		func(wire *awswire.Server, id, text string) {
			wire.SetParameter("/airflow/variables/"+id, "SecureString", text)
		},
		func(cfg aws.Config) (secrets.Backend, error) { return ssm.New(sdk.NewFromConfig(cfg), nil) })
}
