package audit

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/mysql"
	"github.com/secretchain/secrets/metastore/postgres"
)

// sqlStores opens every metastore that is asked over a network, at an address.
var sqlStores = map[string]func(t testing.TB, address string) secrets.Backend{
	"metastore/postgres": func(t testing.TB, address string) secrets.Backend {
		store, err := postgres.Open(t.Context(), "postgres://u:"+planted+"@"+address+"/db?sslmode=disable", &metastore.Options{})
		require.NoError(t, err)
		return store
	},
	"metastore/mysql": func(t testing.TB, address string) secrets.Backend {
		store, err := mysql.Open(t.Context(), "u:"+planted+"@tcp("+address+")/db", &metastore.Options{})
		require.NoError(t, err)
		return store
	},
}

// sqlDisasters are what a database's server, and what stands between, does at its worst with a connection.
var sqlDisasters = map[string]func(conn net.Conn){
	"silence":                      func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
	"the connection is reset":      func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) },
	"half an answer of PostgreSQL": func(conn net.Conn) { saying(conn, "R\x00\x00\x00\x0c\x00\x00\x00\x05"+planted[:2]) },
	"half an answer of MySQL":      func(conn net.Conn) { saying(conn, "\x4a\x00\x00\x00\x0a8.4.0\x00"+planted) },
	"an error of PostgreSQL": func(conn net.Conn) {
		saying(conn, "E\x00\x00\x00\x30SFATAL\x00C53300\x00M"+planted+"-"+planted+"\x00\x00")
	},
	"an error of MySQL":           func(conn net.Conn) { saying(conn, "\x16\x00\x00\x00\xff\x10\x04#08004"+planted) },
	"a page of a proxy":           func(conn net.Conn) { saying(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n"+page) },
	"a message of four gigabytes": func(conn net.Conn) { saying(conn, "R\xff\xff\xff\xff"+planted) },
	"an answer without an end": func(conn net.Conn) {
		chunk := strings.Repeat(planted+" ", 1<<16/(len(planted)+1))
		for sent := 0; sent < 256<<20; sent += len(chunk) {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return
			}
		}
	},
}

func saying(conn net.Conn, text string) { _, _ = io.WriteString(conn, text) }

// serveTCP does the same with every connection for the length of the test, and returns the address.
func serveTCP(t testing.TB, do func(conn net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				do(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		wiretest.Await(t, ended, "the end of every connection of the test's server")
	})
	return listener.Addr().String()
}
