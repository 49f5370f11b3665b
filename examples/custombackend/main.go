// Custombackend shows a store of one's own: store.go is all of it, and store_test.go holds it to the contract.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func rootFS(root string) fs.FS { return os.DirFS(root) }

func main() {
	ctx := context.Background()
	root, err := os.MkdirTemp("", "filetree")
	check(err)
	defer os.RemoveAll(root)
	check(os.MkdirAll(filepath.Join(root, "connections"), 0o700))
	check(os.WriteFile(filepath.Join(root, "connections", "my_db"), []byte("postgres://app:s3cret@db.example.com:5432/sales"), 0o600))

	kwargs, err := json.Marshal(map[string]string{"root": root})
	check(err)
	store, err := backend.Open(ctx, "filetree", kwargs)
	check(err)
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "files", Backend: store}}, nil)
	check(err)
	defer chain.Close()

	conn, err := chain.GetConnection(ctx, "my_db")
	check(err)
	fmt.Println("my_db is", conn)
	_, err = chain.GetConnection(ctx, "other_db")
	fmt.Println(err)
	_, err = backend.Open(ctx, "filetree", json.RawMessage(`{"rout": "/srv/secrets"}`))
	fmt.Println(err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
