package localfs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/secretchain/secrets/localfs"
)

func Example() {
	dir, err := os.MkdirTemp("", "localfs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "connections.yaml")
	err = os.WriteFile(path, []byte(`
smtp_default: smtps://user:pass%2Fword@relay.example.com:465
warehouse:
  - {conn_type: postgres, host: first.example.com, login: app, password: one, extra_dejson: {sslmode: require}}
  - postgres://app:two@second.example.com
`), 0o600)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := localfs.New(&localfs.Options{ConnectionsFile: path, Access: localfs.Private})
	if err != nil {
		fmt.Println(err)
		return
	}
	conns, err := b.GetConnections(context.Background(), "warehouse")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range conns {
		fmt.Println(c.Host, c.Login, c.Password)
	}
	_, err = b.GetConnections(context.Background(), "absent")
	fmt.Println(err)
	// Output:
	// first.example.com app ***
	// second.example.com app ***
	// get connection "absent": not found
}

// Kubernetes and Docker mount a secret as a directory with one file per key.
func Example_directory() {
	dir, err := os.MkdirTemp("", "localfs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, "greeting"), []byte("hello\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	b, err := localfs.New(&localfs.Options{VariablesDir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := b.GetVariable(context.Background(), "greeting")
	fmt.Printf("%q %v\n", text, err)
	// Output: "hello" <nil>
}
