// Airflow shows a program beside a running Airflow: it opens the chain of an airflow.cfg, tells why the chain looks as
// it does, and looks a few names up. Nothing it prints is a secret.
//
// Run it from the root of the repository:
//
//	go run ./examples/airflow
package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
	_ "github.com/secretchain/secrets/envbackend"
	_ "github.com/secretchain/secrets/localfs"
	_ "github.com/secretchain/secrets/metastore/sqlite"
)

//go:embed home
var home embed.FS

func main() {
	dump := flag.String("dump", "testdata/vectors/metastore/sqlite.sql", "the metastore's SQL dump")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dump); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, dump string) (err error) {
	dir, err := os.MkdirTemp("", "airflow")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := install(ctx, dir, dump); err != nil {
		return err
	}

	// The environment of an Airflow, in place of one that this process may have.
	airflow := map[string]string{
		"AIRFLOW_HOME":         filepath.ToSlash(dir),
		"AIRFLOW_CONN_CACHE":   "redis://:example-password@cache.example.com:6379/0",
		"AIRFLOW_CONN_MAIL":    "smtp://hidden.example.com", // the custom backend has it too, and goes first
		"AIRFLOW_VAR_MAX_ROWS": "1000",
	}
	opts := &airflowcfg.Options{
		ExpandKwargs: true, // this airflow.cfg has $AIRFLOW_HOME in its backend_kwargs
		Environ: func(name string) (string, bool) {
			if strings.HasPrefix(name, "AIRFLOW_") {
				value, ok := airflow[name]
				return value, ok
			}
			return os.LookupEnv(name)
		},
	}
	description, err := airflowcfg.Describe(ctx, opts)
	if err != nil {
		return err
	}
	if _, err := description.WriteTo(w); err != nil {
		return err
	}
	chain, err := airflowcfg.Open(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chain.Close()) }()

	fmt.Fprint(w, "\nConnections\n")
	for _, id := range []string{"warehouse", "mail", "cache", "pg_all_new_key", "mysql_old_key", "absent"} {
		found, err := chain.LookupConnection(ctx, id)
		if errors.Is(err, secrets.ErrNotFound) {
			fmt.Fprintf(w, "  %-15s no layer has it\n", id)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %-15s %-10s %v\n", id, found.Layer, found.Value)
	}
	fmt.Fprint(w, "\nVariables\n")
	for _, key := range []string{"environment", "max_rows", "new_key", "absent"} {
		found, err := chain.LookupVariable(ctx, key)
		if errors.Is(err, secrets.ErrNotFound) {
			fmt.Fprintf(w, "  %-15s no layer has it\n", key)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %-15s %-10s %v\n", key, found.Layer, found.Value)
	}
	// A value that cannot be decrypted is no absence, and the error says whose it is.
	_, err = chain.GetVariable(ctx, "lost_key")
	fmt.Fprintf(w, "\n%v\n", err)
	return nil
}

// install makes an AIRFLOW_HOME in dir: the files beside this program, and a metastore from the dump.
func install(ctx context.Context, dir, dump string) error {
	files, err := fs.Sub(home, "home")
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return err
	}
	statements, err := os.ReadFile(dump)
	if err != nil {
		return fmt.Errorf("%w: run this program from the root of the repository, or give it -dump", err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "airflow.db"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, string(statements))
	return errors.Join(err, db.Close())
}
