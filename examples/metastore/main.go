// Metastore keeps connections and variables in a SQLite database with Airflow's tables: it creates them, stores encrypted,
// rotates the Fernet key while the store is in use, lists, and shows a write that an earlier layer shadows. It needs
// nothing but Go, and leaves nothing behind:
//
//	go run ./examples/metastore
//
// For the database of a running Airflow, replace sqlite.Open by postgres.Open or mysql.Open and leave Migrate out.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/envbackend"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlite"
)

func main() {
	folder, err := os.MkdirTemp("", "metastore")
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(run(context.Background(), os.Stdout, filepath.Join(folder, "airflow.db")), os.RemoveAll(folder))
	if err != nil {
		log.Fatal(err)
	}
}

// newKey returns what Airflow calls a fernet_key. A real one is made once and kept where secrets are kept.
func newKey() secrets.Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return secrets.NewSecret(base64.URLEncoding.EncodeToString(key))
}

func run(ctx context.Context, out io.Writer, path string) error {
	oldKey, newKey := newKey(), newKey()
	if err := fill(ctx, out, path, oldKey); err != nil {
		return err
	}
	if err := rotate(ctx, out, path, newKey, oldKey); err != nil {
		return err
	}
	return read(ctx, out, path, newKey, oldKey)
}

func fill(ctx context.Context, out io.Writer, path string, key secrets.Secret) error {
	store, err := sqlite.Open(ctx, path, &metastore.Options{FernetKeys: []secrets.Secret{key}})
	if err != nil {
		return err
	}
	defer store.Close()

	fmt.Fprintln(out, "# a new database")
	fmt.Fprintln(out, "check:", store.Check(ctx))
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "check after Migrate:", store.Check(ctx))

	fmt.Fprintln(out, "\n# what is written is encrypted, and read back")
	conn, err := secrets.Parse("postgres://etl:s3cr3t@db.example.com:5432/warehouse?sslmode=require")
	if err != nil {
		return err
	}
	conn.ID = "warehouse"
	if err := store.SetConnection(ctx, conn); err != nil {
		return err
	}
	for _, name := range []string{"region", "signing_key"} {
		if err := store.SetVariable(ctx, name, "s3cr3t "+name); err != nil {
			return err
		}
	}
	conns, err := store.GetConnections(ctx, "warehouse")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, conns[0])
	return nil
}

func rotate(ctx context.Context, out io.Writer, path string, newKey, oldKey secrets.Secret) error {
	fmt.Fprintln(out, "\n# a new key: first, and the old one beside it until everything is rotated")
	store, err := sqlite.Open(ctx, path, &metastore.Options{FernetKeys: []secrets.Secret{newKey, oldKey}})
	if err != nil {
		return err
	}
	defer store.Close()
	for range 2 {
		rotated, err := store.RotateFernetKeys(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "rotated:", rotated)
	}
	return nil
}

func read(ctx context.Context, out io.Writer, path string, newKey, oldKey secrets.Secret) error {
	store, err := sqlite.Open(ctx, path, &metastore.Options{FernetKeys: []secrets.Secret{newKey}})
	if err != nil {
		return err
	}
	// The environment goes before the metastore, as in Airflow.
	env, err := envbackend.New(&envbackend.Options{Lookup: func(name string) (string, bool) {
		return "eu-central-1", name == "AIRFLOW_VAR_REGION"
	}})
	if err != nil {
		return err
	}
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "environment", Backend: env}, {Name: "metastore", Backend: store}}, nil)
	if err != nil {
		return err
	}
	defer chain.Close() // and the store with it

	fmt.Fprintln(out, "\n# the new key alone reads everything")
	unreadable, err := store.Verify(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "unreadable:", len(unreadable))
	for name, err := range store.Names(ctx, secrets.KindVariable) {
		if err != nil {
			return err
		}
		found, err := chain.LookupVariable(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s from %s: %v\n", name, found.Layer, found.Value)
	}

	fmt.Fprintln(out, "\n# a write that an earlier layer shadows")
	written, err := chain.SetVariable(ctx, "region", "us-east-1")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "written to %s, shadowed by %s\n", written.Layer, written.ShadowedBy)

	fmt.Fprintln(out, "\n# the old key alone: a value that cannot be read is no absence")
	late, err := sqlite.Open(ctx, path, &metastore.Options{FernetKeys: []secrets.Secret{oldKey}})
	if err != nil {
		return err
	}
	defer late.Close()
	_, err = late.GetVariable(ctx, "signing_key")
	fmt.Fprintf(out, "%v\n  malformed: %t, not found: %t\n", err, errors.Is(err, secrets.ErrMalformed), errors.Is(err, secrets.ErrNotFound))
	return nil
}
