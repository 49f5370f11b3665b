package metastoretest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	second "github.com/fernet/fernet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/metastore"
)

// decrypted reads a token as another program does.
func decrypted(t testing.TB, token any, key string) string {
	t.Helper()
	text, ok := token.(string)
	require.True(t, ok, "not a text")
	plain := second.VerifyAndDecrypt([]byte(text), 0, second.MustDecodeKeys(key))
	require.NotNil(t, plain, "fernet-go cannot read the token")
	return string(plain)
}

// dated is the date of a token.
func dated(t testing.TB, token any) int64 {
	t.Helper()
	raw, err := base64.URLEncoding.DecodeString(token.(string))
	require.NoError(t, err)
	return int64(binary.BigEndian.Uint64(raw[1:9]))
}

func testWrites(t *testing.T, s Server) {
	full := secrets.Connection{ID: "full", Type: "postgres", Host: "db.example.com", Schema: "sales", Login: "usér",
		Password: secrets.NewSecret("пароль🔑 " + planted), Port: 5432, Extra: secrets.NewSecret(`{"ключ": "` + planted + `"}`)}
	now := time.Unix(1700000000, 0)
	for generation := range generations {
		t.Run(generation, func(t *testing.T) {
			dsn := s.empty(t, generation)
			store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey), Now: func() time.Time { return now }})

			t.Run("an Airflow-shaped reader finds the connection", func(t *testing.T) {
				require.NoError(t, store.SetConnection(t.Context(), full))
				row := s.row(t, dsn, "connection", "conn_id", "full", connectionColumns...)
				assert.True(t, decrypted(t, row["password"], newestKey) == full.Password.Reveal(), "password")
				assert.True(t, decrypted(t, row["extra"], newestKey) == full.Extra.Reveal(), "extra")
				assert.Equal(t, now.Unix(), dated(t, row["password"]))
				delete(row, "password")
				delete(row, "extra")
				assert.Equal(t, map[string]any{"conn_id": "full", "conn_type": "postgres", "host": "db.example.com", "schema": "sales",
					"login": "usér", "port": int64(5432), "is_encrypted": int64(1), "is_extra_encrypted": int64(1)}, row)
				assert.Equal(t, 1, s.count(t, dsn, "connection"))
			})
			t.Run("blank fields are NULL, and a blank password is not encrypted", func(t *testing.T) {
				require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "bare", Type: "fs"}))
				assert.Equal(t, map[string]any{"conn_id": "bare", "conn_type": "fs", "host": nil, "schema": nil, "login": nil, "password": nil,
					"port": nil, "extra": nil, "is_encrypted": int64(0), "is_extra_encrypted": int64(0)},
					s.row(t, dsn, "connection", "conn_id", "bare", connectionColumns...))
			})
			t.Run("a write without a password keeps it and replaces the rest", func(t *testing.T) {
				c := full
				c.ID = "kept"
				require.NoError(t, store.SetConnection(t.Context(), c))
				require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "kept", Type: "mysql"}))
				conns, err := store.GetConnections(t.Context(), "kept")
				require.NoError(t, err)
				require.Len(t, conns, 1)
				assert.True(t, conns[0].Equal(secrets.Connection{ID: "kept", Type: "mysql", Password: full.Password}), "got %v", conns[0])
				assert.EqualValues(t, 1, s.row(t, dsn, "connection", "conn_id", "kept", "is_encrypted")["is_encrypted"])
			})
			t.Run("variables", func(t *testing.T) {
				for _, value := range []string{planted, "", " \n{\"a\": 1}\n", "значение 😀", strings.Repeat("x", 40000)} {
					require.NoError(t, store.SetVariable(t.Context(), "v", value))
					row := s.row(t, dsn, "variable", "key", "v", "val", "is_encrypted")
					assert.True(t, decrypted(t, row["val"], newestKey) == value)
					assert.EqualValues(t, 1, row["is_encrypted"])
					got, err := store.GetVariable(t.Context(), "v")
					require.NoError(t, err)
					assert.True(t, got == value, "read back differs")
				}
				assert.Equal(t, 1, s.count(t, dsn, "variable"))
			})
			t.Run("without a key everything is plain", func(t *testing.T) {
				plain := s.open(t, dsn, nil)
				require.NoError(t, plain.SetVariable(t.Context(), "v", "open"))
				require.NoError(t, plain.SetVariable(t.Context(), "v", "open"), "the same again")
				assert.Equal(t, map[string]any{"val": "open", "is_encrypted": int64(0)}, s.row(t, dsn, "variable", "key", "v", "val", "is_encrypted"))
				c := full
				c.ID = "plain"
				require.NoError(t, plain.SetConnection(t.Context(), c))
				conns, err := plain.GetConnections(t.Context(), "plain")
				require.NoError(t, err)
				assert.True(t, conns[0].Equal(c))
			})
			if generation != "1.10" {
				t.Run("descriptions", func(t *testing.T) { s.testDescriptions(t, dsn) })
			}
			t.Run("refusals", func(t *testing.T) {
				before := s.count(t, dsn, "connection") + s.count(t, dsn, "variable")
				for name, err := range map[string]error{
					"long key":       store.SetVariable(t.Context(), strings.Repeat("k", 251), planted),
					"not UTF-8":      store.SetVariable(t.Context(), "k", planted+"\xff"),
					"extra no JSON":  store.SetConnection(t.Context(), secrets.Connection{ID: "x", Extra: secrets.NewSecret(planted)}),
					"host not UTF-8": store.SetConnection(t.Context(), secrets.Connection{ID: "x", Host: planted + "\xff"}),
				} {
					require.ErrorIs(t, err, secrets.ErrMalformed, name)
					backendtest.NoLeak(t, planted, err)
				}
				assert.Equal(t, before, s.count(t, dsn, "connection")+s.count(t, dsn, "variable"))
			})
		})
	}
	t.Run("a key of 250 characters", func(t *testing.T) {
		store := s.open(t, s.migrated(t), nil)
		key := strings.Repeat("ключ-", 50)
		require.NoError(t, store.SetVariable(t.Context(), key, "v"))
		got, err := store.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, "v", got)
	})
	t.Run("updates use up no ids", func(t *testing.T) {
		dsn := s.migrated(t)
		store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
		for i := range 20 {
			require.NoError(t, store.SetVariable(t.Context(), "a", fmt.Sprint(i)))
		}
		require.NoError(t, store.SetVariable(t.Context(), "b", ""))
		assert.EqualValues(t, 2, s.row(t, dsn, "variable", "key", "b", "id")["id"])
	})
}

func (s Server) testDescriptions(t *testing.T, dsn string) {
	description := func(table, key, name string) any {
		return s.row(t, dsn, table, key, name, "description")["description"]
	}
	set := func(store *metastore.Store, text string) {
		t.Helper()
		require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "d", Type: "fs", Description: text}))
	}
	keeping, clearing := s.open(t, dsn, nil), s.open(t, dsn, &metastore.Options{ClearDescriptions: true})
	set(keeping, "first")
	set(keeping, "")
	assert.Equal(t, "first", description("connection", "conn_id", "d"), "kept unless given")
	set(keeping, "second")
	assert.Equal(t, "second", description("connection", "conn_id", "d"))
	set(clearing, "")
	assert.Nil(t, description("connection", "conn_id", "d"))

	s.insert(t, s.bare(t, dsn), "variable", []string{"key", "val", "description", "is_encrypted"}, "d", "1", "first", false)
	require.NoError(t, keeping.SetVariable(t.Context(), "d", "2"))
	assert.Equal(t, "first", description("variable", "key", "d"))
	require.NoError(t, clearing.SetVariable(t.Context(), "d", "3"))
	assert.Nil(t, description("variable", "key", "d"))
}

func testSeveral(t *testing.T, s Server) {
	fill := func(t *testing.T) (dsn string) {
		dsn = s.empty(t, "1.10")
		db := s.bare(t, dsn)
		for _, host := range []string{"c", "a", "b"} {
			s.insert(t, db, "connection", connectionColumns, "many", "mysql", host, nil, nil, planted+host, int64(0), nil, false, false)
		}
		s.insert(t, db, "connection", connectionColumns, "bad", "mysql", "damaged", nil, nil, "no token", int64(0), nil, true, false)
		s.insert(t, db, "connection", connectionColumns, "bad", "mysql", "good", nil, nil, "fine", int64(0), nil, false, false)
		s.insert(t, db, "connection", connectionColumns, nil, "mysql", "nameless", nil, nil, nil, int64(0), nil, false, false)
		return dsn
	}
	t.Run("all are returned in id order", func(t *testing.T) {
		conns, err := s.open(t, fill(t), nil).GetConnections(t.Context(), "many")
		require.NoError(t, err)
		var hosts []string
		for _, c := range conns {
			hosts = append(hosts, c.Host)
		}
		assert.Equal(t, []string{"c", "a", "b"}, hosts)
	})
	t.Run("one bad row does not break its neighbours", func(t *testing.T) {
		conns, err := s.open(t, fill(t), nil).GetConnections(t.Context(), "bad")
		require.NoError(t, err)
		require.Len(t, conns, 1)
		assert.Equal(t, "good", conns[0].Host)
	})
	t.Run("a write replaces them all and keeps the first's password", func(t *testing.T) {
		dsn := fill(t)
		store := s.open(t, dsn, nil)
		require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "many", Type: "http", Host: "one"}))
		conns, err := store.GetConnections(t.Context(), "many")
		require.NoError(t, err)
		require.Len(t, conns, 1)
		assert.True(t, conns[0].Equal(secrets.Connection{ID: "many", Type: "http", Host: "one", Password: secrets.NewSecret(planted + "c")}))
		assert.Equal(t, 4, s.count(t, dsn, "connection"))
	})
	t.Run("a deletion deletes them all", func(t *testing.T) {
		dsn := fill(t)
		store := s.open(t, dsn, nil)
		require.NoError(t, store.DeleteConnection(t.Context(), "many"))
		assert.ErrorIs(t, store.DeleteConnection(t.Context(), "many"), secrets.ErrNotFound)
		assert.Equal(t, 3, s.count(t, dsn, "connection"))
	})
	t.Run("each name is listed once", func(t *testing.T) {
		names, err := s.open(t, fill(t), nil).List(t.Context(), secrets.KindConnection)
		require.NoError(t, err)
		assert.Equal(t, []string{"many", "bad"}, names)
	})
	t.Run("a description has no place", func(t *testing.T) {
		require.NoError(t, s.open(t, fill(t), nil).SetConnection(t.Context(), secrets.Connection{ID: "x", Description: "lost"}))
	})
}

func testTeams(t *testing.T, s Server) {
	dsn := s.empty(t, "3.2")
	s.exec(t, dsn, "INSERT INTO "+s.Dialect.Quote("team")+" VALUES ('team-b')")
	open := func(team string) *metastore.Store { return s.open(t, dsn, &metastore.Options{Team: team}) }
	off, a, b := open(""), open("team-a"), open("team-b")
	require.NoError(t, off.SetVariable(t.Context(), "shared", "1"))
	require.NoError(t, a.SetVariable(t.Context(), "of_a", planted))
	require.NoError(t, a.SetConnection(t.Context(), secrets.Connection{ID: "of_a", Type: "fs"}))

	t.Run("a team sees its own rows and those of none", func(t *testing.T) {
		for name, c := range map[string]struct {
			store *metastore.Store
			sees  bool
		}{"a": {a, true}, "b": {b, false}, "off": {off, true}} {
			_, err := c.store.GetVariable(t.Context(), "shared")
			assert.NoError(t, err, name)
			_, err = c.store.GetVariable(t.Context(), "of_a")
			_, connErr := c.store.GetConnections(t.Context(), "of_a")
			names, listErr := c.store.List(t.Context(), secrets.KindConnection)
			many, manyErr := c.store.GetVariables(t.Context(), []string{"shared", "of_a"})
			require.NoError(t, listErr)
			require.NoError(t, manyErr)
			if c.sees {
				assert.NoError(t, err, name)
				assert.NoError(t, connErr, name)
				assert.Equal(t, []string{"of_a"}, names, name)
				assert.Len(t, many, 2, name)
			} else {
				assert.ErrorIs(t, err, secrets.ErrNotFound, name)
				assert.ErrorIs(t, connErr, secrets.ErrNotFound, name)
				assert.Empty(t, names, name)
				assert.Len(t, many, 1, name)
			}
		}
	})
	t.Run("another team's row is not written", func(t *testing.T) {
		err := b.SetVariable(t.Context(), "of_a", planted+"2")
		require.ErrorIs(t, err, secrets.ErrDenied)
		backendtest.NoLeak(t, planted, err)
		assert.ErrorIs(t, b.DeleteVariable(t.Context(), "of_a"), secrets.ErrNotFound)
		assert.Equal(t, map[string]any{"val": planted, "team_name": "team-a"}, s.row(t, dsn, "variable", "key", "of_a", "val", "team_name"))
	})
	t.Run("an existing row keeps its team", func(t *testing.T) {
		require.NoError(t, a.SetVariable(t.Context(), "shared", "2"))
		require.NoError(t, a.SetVariable(t.Context(), "shared", "2"), "the same again")
		require.NoError(t, off.SetVariable(t.Context(), "of_a", "3"))
		assert.Nil(t, s.row(t, dsn, "variable", "key", "shared", "team_name")["team_name"])
		assert.Equal(t, "team-a", s.row(t, dsn, "variable", "key", "of_a", "team_name")["team_name"])
	})
	t.Run("a team that is not in the table", func(t *testing.T) {
		err := open("team-z").SetVariable(t.Context(), "new", planted)
		require.ErrorIs(t, err, secrets.ErrMalformed)
		assert.ErrorContains(t, err, "team")
		backendtest.NoLeak(t, planted, err)
	})
	t.Run("tables without teams", func(t *testing.T) {
		store := s.open(t, s.empty(t, "2.x"), &metastore.Options{Team: "team-a"})
		require.NoError(t, store.SetVariable(t.Context(), "x", "1"))
		_, err := store.GetVariable(t.Context(), "x")
		assert.NoError(t, err)
	})
}
