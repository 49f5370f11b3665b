package sqlite_test

import (
	"context"
	"fmt"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlite"
)

// A database in memory, for a test: the same store keeps a file for a program.
func ExampleOpen() {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, ":memory:", &metastore.Options{
		FernetKeys: metastore.ParseFernetKeys(secrets.NewSecret("78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI=")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	conn := secrets.Connection{ID: "warehouse", Type: "postgres", Host: "db.example.com", Login: "etl", Password: secrets.NewSecret("hunter2")}
	if err := store.SetConnection(ctx, conn); err != nil {
		fmt.Println(err)
		return
	}
	conns, err := store.GetConnections(ctx, "warehouse")
	fmt.Println(conns, err)
	_, err = store.GetVariable(ctx, "absent")
	fmt.Println(err)
	// Output:
	// [postgres://etl:***@db.example.com] <nil>
	// get variable "absent": not found
}
