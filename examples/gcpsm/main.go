// Gcpsm looks connections and variables up in Google Secret Manager. Without Google at hand it brings a server of its own
// that speaks the protocol, and which it fills first:
//
//	go run ./examples/gcpsm
//
// With GOOGLE_CLOUD_PROJECT set it reads that project's secrets instead, with Application Default Credentials. It writes
// nothing there; make the secrets first:
//
//	printf postgresql://etl:s3cr3t@db.example.com:5432/warehouse |
//		gcloud secrets create airflow-connections-warehouse --data-file=-
//	printf 'good morning' | gcloud secrets create airflow-variables-greeting --data-file=-
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/gcptest"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Getenv("GOOGLE_CLOUD_PROJECT")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, project string) error {
	store, stop, err := open(ctx, project)
	if err != nil {
		return err
	}
	defer stop()

	fmt.Fprintln(out, "# can the store be used?")
	fmt.Fprintln(out, "check:", orFine(store.Check(ctx)))

	fmt.Fprintln(out, "\n# one call each")
	conns, err := store.GetConnections(ctx, "warehouse")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "warehouse:", conns[0])
	greeting, err := store.GetVariable(ctx, "greeting")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "greeting: %d bytes\n", len(greeting))
	_, err = store.GetVariable(ctx, "absent")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))

	fmt.Fprintln(out, "\n# a disabled version is a refusal, not an absence")
	_, err = store.GetVariable(ctx, "disabled")
	fmt.Fprintln(out, err)

	fmt.Fprintln(out, "\n# no secret can have a dot in its name; it is never asked for")
	name, asked := store.StoreName(secrets.KindVariable, "team.greeting")
	fmt.Fprintln(out, name, "asked:", asked)

	fmt.Fprintln(out, "\n# what is there")
	ids, err := store.List(ctx, secrets.KindVariable)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, ids)
	return nil
}

// open returns the store of a project, or one over a server of our own.
func open(ctx context.Context, project string) (store *gcpsm.Backend, stop func(), err error) {
	if project != "" {
		store, err := gcpsm.Open(ctx, &gcpsm.Options{Project: project})
		return store, func() { _ = store.Close() }, err
	}
	server := &gcptest.Server{Project: "my-project"}
	server.Set("airflow-connections-warehouse", "postgresql://etl:s3cr3t@db.example.com:5432/warehouse")
	server.Set("airflow-variables-greeting", "good morning")
	server.Set("airflow-variables-disabled", "good night")
	server.SetState("airflow-variables-disabled", secretmanagerpb.SecretVersion_DISABLED)
	address, stopServer, err := server.Serve()
	if err != nil {
		return nil, nil, err
	}
	client, err := secretmanager.NewClient(ctx, option.WithEndpoint(address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		return nil, nil, err
	}
	store, err = gcpsm.New(client, &gcpsm.Options{Project: server.Project})
	return store, func() { _ = client.Close(); stopServer() }, err
}

func orFine(err error) any {
	if err == nil {
		return "fine"
	}
	return err
}
