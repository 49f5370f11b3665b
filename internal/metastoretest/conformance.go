package metastoretest

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/metastore"
)

var connectionColumns = []string{"conn_id", "conn_type", "host", "schema", "login", "password", "port", "extra", "is_encrypted", "is_extra_encrypted"}

// fill stores content plain, as an Airflow without a key does.
func (s Server) fill(t testing.TB, dsn string, content backendtest.Content) {
	t.Helper()
	db := s.bare(t, dsn)
	blank := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	for id, texts := range content.Connections {
		for _, text := range texts {
			c, err := secrets.Parse(text)
			require.NoErrorf(t, err, "connection %q", id)
			s.insert(t, db, "connection", connectionColumns, id, c.Type, blank(c.Host), blank(c.Schema), blank(c.Login),
				blank(c.Password.Reveal()), int64(c.Port), blank(c.Extra.Reveal()), false, false)
		}
	}
	for key, value := range content.Variables {
		s.insert(t, db, "variable", []string{"key", "val", "is_encrypted"}, key, value, false)
	}
}

func testConformance(t *testing.T, s Server) {
	harness := func(fresh func(t testing.TB) string, opts *metastore.Options) backendtest.Harness {
		return backendtest.Harness{
			Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
				dsn := fresh(t)
				s.fill(t, dsn, content)
				return s.open(t, dsn, opts)
			},
			Fail: func(t *testing.T, class error) secrets.Backend {
				dsn := map[error]string{secrets.ErrUnavailable: s.Unreachable, secrets.ErrDenied: s.Refused}[class]
				if dsn == "" {
					return nil
				}
				return s.open(t, dsn, opts)
			},
			// What no database of the three can hold: text that is none. 250 characters are the column's length.
			Holds: func(_ secrets.Kind, id string) bool {
				return strings.ToValidUTF8(id, "") == id && !strings.ContainsRune(id, 0) && len([]rune(id)) <= 250
			},
			NoMalformed: true, // a row has fields, not a text
			NoConfig:    true,
		}
	}
	stall := func(opts *metastore.Options) func(t *testing.T) secrets.Backend {
		if s.Silent == nil {
			return nil
		}
		return func(t *testing.T) secrets.Backend { return s.open(t, s.Silent(silence(t)), opts) }
	}
	for name, opts := range map[string]*metastore.Options{"plain": nil, "encrypted": {FernetKeys: keys(newestKey, olderKey)}} {
		t.Run(name, func(t *testing.T) {
			h := harness(s.migrated, opts)
			h.OneConnection = true
			h.Stall = stall(opts)
			backendtest.Run(t, h)
		})
	}
	t.Run("1.10", func(t *testing.T) {
		backendtest.Run(t, harness(func(t testing.TB) string { return s.empty(t, "1.10") }, nil))
	})
}

// silence returns the address of a server that accepts connections and never answers.
func silence(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}
