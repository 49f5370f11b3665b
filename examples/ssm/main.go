// Ssm looks connections and variables up in AWS Systems Manager Parameter Store. Without AWS at hand it brings a server of
// its own that speaks the protocol, and which it fills first:
//
//	go run ./examples/ssm
//
// With AWS_ENDPOINT_URL, and credentials and a region in the environment, it asks that server instead, such as moto or
// LocalStack. It writes parameters below /airflow there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/ssm"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Getenv("AWS_ENDPOINT_URL")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, endpoint string) error {
	cfg, arguments, stop, err := connect(ctx, endpoint)
	if err != nil {
		return err
	}
	defer stop()
	if err := fill(ctx, sdk.NewFromConfig(cfg)); err != nil {
		return err
	}

	store, err := ssm.Open(ctx, &ssm.Options{AWS: arguments})
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
	regions, err := store.GetVariable(ctx, "regions")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "regions: %d bytes of a StringList\n", len(regions))
	_, err = store.GetVariable(ctx, "absent")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))

	fmt.Fprintln(out, "\n# ten names a call")
	many, err := store.GetVariables(ctx, []string{"regions", "greeting", "absent"})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, len(many), "of 3 names are there")

	fmt.Fprintln(out, "\n# an id with a colon would be a version; it is never asked for")
	name, asked := store.StoreName(secrets.KindVariable, "greeting:1")
	fmt.Fprintln(out, name, "asked:", asked)

	fmt.Fprintln(out, "\n# what is there")
	ids, err := store.List(ctx, secrets.KindVariable)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, ids)
	return nil
}

// connect returns a configuration of the SDK, to fill the store with, and the arguments that open it.
func connect(ctx context.Context, endpoint string) (cfg aws.Config, arguments ssm.AWS, stop func(), err error) {
	if endpoint != "" {
		cfg, err = config.LoadDefaultConfig(ctx)
		return cfg, ssm.AWS{}, func() {}, err // everything comes from the environment
	}
	url, stop, err := awswire.New().Listen()
	return awswire.Config(url), ssm.AWS{
		Endpoint: url, Region: awswire.Region,
		AccessKeyID: awswire.AccessKeyID, SecretAccessKey: secrets.NewSecret(awswire.SecretAccessKey),
	}, stop, err
}

func orFine(err error) any {
	if err == nil {
		return "fine"
	}
	return err
}

// fill writes what the walkthrough reads. In a service, Terraform or somebody with more rights does that.
func fill(ctx context.Context, client *sdk.Client) error {
	overwrite := true
	for _, p := range []struct {
		name, value string
		kind        types.ParameterType
	}{
		{"/airflow/connections/warehouse", "postgresql://etl:s3cr3t@db.example.com:5432/warehouse?sslmode=require", types.ParameterTypeSecureString},
		{"/airflow/variables/greeting", "good morning", types.ParameterTypeSecureString},
		{"/airflow/variables/regions", "eu-west-1,eu-central-1", types.ParameterTypeStringList},
	} {
		if _, err := client.PutParameter(ctx, &sdk.PutParameterInput{Name: &p.name, Value: &p.value, Type: p.kind, Overwrite: &overwrite}); err != nil {
			return err
		}
	}
	return nil
}
