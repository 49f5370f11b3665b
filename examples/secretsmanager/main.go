// Secretsmanager looks connections and variables up in AWS Secrets Manager. Without AWS at hand it brings a server of its
// own that speaks the protocol, and which it fills first:
//
//	go run ./examples/secretsmanager
//
// With AWS_ENDPOINT_URL, and credentials and a region in the environment, it asks that server instead, such as moto or
// LocalStack. It writes secrets below airflow/ there.
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
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/secretsmanager"
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

	store, err := secretsmanager.Open(ctx, &secretsmanager.Options{
		AWS:            arguments,
		ExtraConnWords: map[string][]string{"schema": {"dbname"}}, // as RDS calls it
	})
	if err != nil {
		return err
	}
	defer store.Close()

	fmt.Fprintln(out, "# can the store be used?")
	fmt.Fprintln(out, "check:", orFine(store.Check(ctx)))

	fmt.Fprintln(out, "\n# a URI, Airflow's JSON, and what RDS stores")
	for _, id := range []string{"warehouse", "mail", "orders"} {
		conns, err := store.GetConnections(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-10s %v\n", id, conns[0])
	}

	fmt.Fprintln(out, "\n# absent, and there but of no use")
	_, err = store.GetConnections(ctx, "absent")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))
	_, err = store.GetConnections(ctx, "broken")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))

	fmt.Fprintln(out, "\n# twenty names a call; one bad value breaks no other")
	many, err := store.GetConnectionMap(ctx, []string{"warehouse", "orders", "broken", "absent"})
	fmt.Fprintln(out, len(many), "of 4 names are there;", err)

	fmt.Fprintln(out, "\n# what is there")
	ids, err := store.List(ctx, secrets.KindConnection)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, ids)
	return nil
}

// connect returns a configuration of the SDK, to fill the store with, and the arguments that open it.
func connect(ctx context.Context, endpoint string) (cfg aws.Config, arguments secretsmanager.AWS, stop func(), err error) {
	if endpoint != "" {
		cfg, err = config.LoadDefaultConfig(ctx)
		return cfg, secretsmanager.AWS{}, func() {}, err // everything comes from the environment
	}
	url, stop, err := awswire.New().Listen()
	return awswire.Config(url), secretsmanager.AWS{
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
	for _, s := range []struct{ name, text string }{
		{"airflow/connections/broken", `{"host": "db.example.com", "port": "s3cr3t"}`},
		{"airflow/connections/mail", `{"engine": "smtp", "server": "mail.example.com", "user": "app", "pass": "s3cr3t"}`},
		{"airflow/connections/orders", `{"engine": "postgres", "host": "db.example.com", "port": 5432, "username": "app",
			"password": "s3cr3t", "dbname": "orders", "dbInstanceIdentifier": "orders-1"}`},
		{"airflow/connections/warehouse", "postgresql://etl:s3cr3t@db.example.com:5432/warehouse?sslmode=require"},
	} {
		_, err := client.CreateSecret(ctx, &sdk.CreateSecretInput{Name: &s.name, SecretString: &s.text})
		if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
