package awstest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
)

// Moto returns a configuration of the SDK, to fill a store with, and the arguments of a backend on that store. Each call
// gives an account of its own, into which both log in by assuming a role, so that tests see nothing of each other.
func Moto(t *testing.T) (aws.Config, awsclient.Options) {
	t.Helper()
	url := os.Getenv("SECRETS_TEST_MOTO")
	if url == "" {
		const missing = "needs moto: run under scripts/with-peers, which sets SECRETS_TEST_MOTO"
		if os.Getenv("SECRETS_TEST_REQUIRE") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	NoEnvironment(t)
	role := fmt.Sprintf("arn:aws:iam::%012d:role/test", rand.Int64N(1e12))
	cfg := awswire.Config(url)
	cfg.Credentials = credentials.NewStaticCredentialsProvider("test", "test", "")
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
	return cfg, awsclient.Options{
		Region: awswire.Region, Endpoint: url, Endpoints: awsclient.Endpoints{"sts": url}, RoleARN: role,
		AccessKeyID: "test", SecretAccessKey: secrets.NewSecret("test"),
	}
}
