// Command vaultd is a real Vault for tests: the server's own core with everything in memory, initialised, unsealed and
// set up, on loopback. It is a module of its own, so that nobody who uses the library has any of it in his module graph.
// Vault is licensed under BUSL-1.1, whose grant covers use in tests; nothing of it is distributed with this project.
//
//	vaultd -dir DIR
//
// When it is ready, DIR holds ca.pem, client.pem and client-key.pem (a client certificate that the cert login accepts)
// and env, lines of NAME=value that a shell can source:
//
//	SECRETS_TEST_VAULT            http URL
//	SECRETS_TEST_VAULT_TLS        https URL, certificate from ca.pem, client certificates welcome
//	SECRETS_TEST_VAULT_DIR        DIR
//	SECRETS_TEST_VAULT_TOKEN      root token
//	SECRETS_TEST_VAULT_UNSEAL_KEY the one key, for sys/unseal after sys/seal
//
// Secret engines: secret/ (KV version 2), kv1/ (KV version 1); more by sys/mounts. Logins, each with the policy
// "default" alone: approle, userpass, cert, jwt; roles and users are for the tests to write. There are no namespaces:
// those are not in the open core. It ends at SIGTERM or SIGINT.
package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("vaultd: ")
	dir := flag.String("dir", "", "folder for certificates and the env file (required, must exist)")
	listen := flag.String("listen", "127.0.0.1:0", "address for http")
	listenTLS := flag.String("listen-tls", "127.0.0.1:0", "address for https")
	flag.Parse()
	if *dir == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *listen, *listenTLS); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir, listen, listenTLS string) error {
	v, err := start()
	if err != nil {
		return fmt.Errorf("start the core: %w", err)
	}
	defer func() { _ = v.core.Shutdown() }()
	tlsConfig, err := certificates(dir)
	if err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	plain, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	secure, err := net.Listen("tcp", listenTLS)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	server := &http.Server{Handler: v.handler(), ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	for _, l := range []net.Listener{plain, tls.NewListener(secure, tlsConfig)} {
		go func() { failed <- server.Serve(l) }()
	}
	url := "http://" + plain.Addr().String()
	if err := setUp(ctx, url, v.rootToken); err != nil {
		return fmt.Errorf("set up mounts and logins: %w", err)
	}
	env := strings.Join([]string{
		"SECRETS_TEST_VAULT=" + url,
		"SECRETS_TEST_VAULT_TLS=https://" + secure.Addr().String(),
		"SECRETS_TEST_VAULT_DIR=" + dir,
		"SECRETS_TEST_VAULT_TOKEN=" + v.rootToken,
		"SECRETS_TEST_VAULT_UNSEAL_KEY=" + base64.StdEncoding.EncodeToString(v.unsealKey),
		"",
	}, "\n")
	if err := writeWhole(filepath.Join(dir, "env"), env); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
}

// writeWhole writes the file so that a reader never sees a part of it: its presence says that the server is ready.
func writeWhole(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
