// Quickstart looks connections and variables up in three layers: local files, the environment, and a metastore in
// SQLite with encrypted rows. It needs nothing but Go:
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/envbackend"
	"github.com/secretchain/secrets/localfs"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlite"
)

//go:embed files
var files embed.FS

func main() {
	folder, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(run(context.Background(), os.Stdout, folder), os.RemoveAll(folder))
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, folder string) error {
	chain, err := open(ctx, out, folder)
	if err != nil {
		return err
	}
	defer chain.Close()

	fmt.Fprintln(out, "# which layer answers")
	for _, id := range []string{"smtp_default", "mysql_conn_id", "warehouse", "billing_db"} {
		found, err := chain.LookupConnection(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-14s from %-12s %v\n", id, found.Layer, found.Value)
	}
	for _, key := range []string{"greeting", "region", "signing_key"} {
		found, err := chain.LookupVariable(ctx, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-14s from %-12s %v (%d bytes)\n", key, found.Layer, found.Value, len(found.Value.Reveal()))
	}

	fmt.Fprintln(out, "\n# several connections under one id")
	replicas, err := chain.GetConnections(ctx, "read_replicas")
	if err != nil {
		return err
	}
	for _, replica := range replicas {
		fmt.Fprintln(out, replica)
	}

	fmt.Fprintln(out, "\n# an absent name, and a value that cannot be used")
	_, err = chain.GetConnection(ctx, "no_such_conn")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))
	_, err = chain.GetConnection(ctx, "broken")
	fmt.Fprintf(out, "%v\n  not found: %t\n", err, errors.Is(err, secrets.ErrNotFound))

	fmt.Fprintln(out, "\n# a write that an earlier layer shadows")
	written, err := chain.SetVariable(ctx, "greeting", "good evening")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "written to %s, shadowed by %s\n", written.Layer, written.ShadowedBy)
	greeting, err := chain.GetVariable(ctx, "greeting")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "greeting is still %q\n", greeting)

	fmt.Fprintln(out, "\n# who has greeting")
	attempts, err := chain.Explain(ctx, secrets.KindVariable, "greeting")
	if err != nil {
		return err
	}
	for _, a := range attempts {
		said := "has it"
		if a.Err != nil {
			said = secrets.ClassOf(a.Err).Error()
		}
		fmt.Fprintf(out, "%-12s %-22s %s\n", a.Layer, a.StoreName, said)
	}
	return nil
}

// open makes the chain, and what the metastore and the environment hold.
func open(ctx context.Context, out io.Writer, folder string) (*secrets.Chain, error) {
	if err := unpack(folder); err != nil {
		return nil, err
	}
	local, err := localfs.New(&localfs.Options{
		ConnectionsFile: filepath.Join(folder, "connections.json"),
		VariablesFile:   filepath.Join(folder, "variables.env"),
	})
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{ // in a service, the platform sets them
		"AIRFLOW_CONN_WAREHOUSE": `{"conn_type": "snowflake", "host": "acme.example.com", "login": "etl", "password": "s3cr3t"}`,
		"AIRFLOW_CONN_BROKEN":    "mysql://etl:s3cr/et@db.example.com",
		"AIRFLOW_VAR_REGION":     "eu-central-1",
	} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	environment, err := envbackend.New(nil)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, filepath.Join(folder, "airflow.db"), &metastore.Options{
		FernetKeys: []secrets.Secret{secrets.NewSecret("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")},
	})
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, store); err != nil {
		return nil, err
	}
	return secrets.NewChain([]secrets.Layer{
		{Name: "local files", Backend: local},
		{Name: "environment", Backend: environment},
		{Name: "metastore", Backend: store},
	}, &secrets.Options{Logger: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))})
}

// fill puts a connection and a variable into a new metastore. Passwords, extras and variables are encrypted there.
func fill(ctx context.Context, store *metastore.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	billing, err := secrets.Parse("postgresql://billing:s3cr3t@db.example.com:5432/billing?sslmode=verify-full")
	if err != nil {
		return err
	}
	billing.ID = "billing_db"
	if err := store.SetConnection(ctx, billing); err != nil {
		return err
	}
	return store.SetVariable(ctx, "signing_key", "a very secret key")
}

// unpack writes the example's files into the folder.
func unpack(folder string) error {
	inside, err := fs.Sub(files, "files")
	if err != nil {
		return err
	}
	return os.CopyFS(folder, inside)
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
