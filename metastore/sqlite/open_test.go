package sqlite_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlite"
)

const (
	planted = "pLanted5ecret"
	key     = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="
)

// works writes and reads through a store.
func works(t *testing.T, store *metastore.Store) {
	t.Helper()
	require.NoError(t, store.Migrate(t.Context()))
	require.NoError(t, store.SetVariable(t.Context(), "x", planted))
	value, err := store.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.True(t, value == planted)
}

func TestOpenDoesNoIO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	store, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	_, err = os.Stat(path)
	assert.ErrorIs(t, err, os.ErrNotExist)
	works(t, store)
	require.NoError(t, store.Close())
	_, err = os.Stat(path)
	assert.NoError(t, err)
}

func TestInMemory(t *testing.T) {
	for _, dsn := range []string{":memory:", "file::memory:", "file:x?mode=memory&cache=shared"} {
		store, err := sqlite.Open(t.Context(), dsn, &metastore.Options{FernetKeys: []secrets.Secret{secrets.NewSecret(key)}})
		require.NoError(t, err)
		works(t, store)
		require.NoError(t, store.Close())
	}
}

func TestDefaultsGiveWayToTheDSN(t *testing.T) {
	for parameters, wal := range map[string]bool{"": true, "?_journal_mode=DELETE": false, "?_pragma=journal_mode(TRUNCATE)": false} {
		path := filepath.Join(t.TempDir(), "a.db")
		store, err := sqlite.Open(t.Context(), path+parameters, nil)
		require.NoError(t, err)
		works(t, store)
		require.NoError(t, store.Close())
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, wal, file[18] == 2, "the file's version number for writers is 2 with write-ahead logging")
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	store, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	works(t, store)
	require.NoError(t, store.Close())

	store, err = sqlite.Open(t.Context(), "file:"+path+"?mode=ro", nil)
	require.NoError(t, err)
	defer store.Close()
	_, err = store.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	err = store.SetVariable(t.Context(), "x", planted)
	require.ErrorIs(t, err, secrets.ErrDenied)
	backendtest.NoLeak(t, planted, err)
}

func TestFilesThatAreNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	require.NoError(t, os.WriteFile(path, []byte("password="+planted+"\nand more than a hundred bytes of text, which is what SQLite reads of a file before it says no ................"), 0o600))
	store, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer store.Close()
	_, err = store.GetVariable(t.Context(), "x")
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, "SQLITE_NOTADB")
	backendtest.NoLeak(t, planted, err)
}

// SQLite keeps any value in any column: what a driver cannot convert must not fail other rows, nor show.
func TestValuesOfOtherTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	store, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer store.Close()
	works(t, store)
	db, err := server.Bare(path + "?")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO connection (conn_id, conn_type, port, host) VALUES ('bad_port', 'x', '`+planted+`', 'h'), ('text_port', 'x', '5432', 'h');
		INSERT INTO connection (conn_id, conn_type, password, is_encrypted) VALUES ('bad_flag', 'x', '`+planted+`', '`+planted+`'), ('bad_text', 'x', x'ff', 0);
		INSERT INTO variable (key, val, is_encrypted) VALUES ('number', 5, 0), ('blob', x'ff', 0), ('real', 1.5, 2)`)
	require.NoError(t, err)
	for id, field := range map[string]string{"bad_port": "port", "bad_flag": "password", "bad_text": "password"} {
		_, err := store.GetConnections(t.Context(), id)
		var bad *metastore.RowError
		require.ErrorAs(t, err, &bad, id)
		assert.Equal(t, field, bad.Field, id)
		backendtest.NoLeak(t, planted, err)
	}
	conns, err := store.GetConnections(t.Context(), "text_port")
	require.NoError(t, err)
	assert.Equal(t, 5432, conns[0].Port)
	value, err := store.GetVariable(t.Context(), "number")
	require.NoError(t, err)
	assert.Equal(t, "5", value, "the column's affinity is text")
	_, err = store.GetVariable(t.Context(), "blob")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	found, err := store.Verify(t.Context())
	require.NoError(t, err)
	assert.Len(t, found, 5)
}

// A token that a script stored as bytes is read, and rotated, like any other.
func TestTokensOfBytes(t *testing.T) {
	const newer = "765dfvRyedaOAuXkDUWHaXeGbc4t64epPi_Oyj3DamA="
	path := filepath.Join(t.TempDir(), "a.db")
	open := func(keys string) *metastore.Store {
		store, err := sqlite.Open(t.Context(), path, &metastore.Options{FernetKeys: metastore.ParseFernetKeys(secrets.NewSecret(keys))})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		return store
	}
	works(t, open(key))
	db, err := server.Bare(path + "?")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "UPDATE variable SET val = CAST(val AS BLOB)")
	require.NoError(t, err)
	rotated, err := open(newer + "," + key).RotateFernetKeys(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, rotated)
	value, err := open(newer).GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.True(t, value == planted)
}

func TestDriver(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	require.NoError(t, err)
	for name, kwargs := range map[string]map[string]any{
		"relative":       {"sql_alchemy_conn": "sqlite:///relative.db"},
		"absolute":       {"sql_alchemy_conn": "sqlite:///" + filepath.ToSlash(filepath.Join(dir, "absolute.db"))},
		"memory":         {"sql_alchemy_conn": "sqlite://"},
		"named memory":   {"sql_alchemy_conn": "sqlite+pysqlite:///:memory:"},
		"options":        {"sql_alchemy_conn": "sqlite:///options.db?timeout=2.5&check_same_thread=false"},
		"URI":            {"sql_alchemy_conn": "sqlite:///file:uri.db?uri=true&mode=rwc"},
		"odd name":       {"sql_alchemy_conn": "sqlite:///a b%20c.db"},
		"a file called":  {"sql_alchemy_conn": "sqlite:///file:odd"},
		"dsn":            {"dsn": "dsn.db"},
		"dsn, dialect":   {"dsn": "dialect.db", "dialect": "sqlite"},
		"dsn with a key": {"dsn": "key.db", "fernet_key": key + ", " + key, "team_name": ""},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(kwargs)
			require.NoError(t, err)
			b, err := backend.Open(t.Context(), "metastore", text)
			require.NoError(t, err)
			store := b.(*metastore.Store)
			works(t, store)
			require.NoError(t, store.Close())
		})
	}
	for _, file := range []string{"relative.db", "absolute.db", "options.db", "uri.db", "a b%20c.db", "dsn.db", "dialect.db", "key.db"} {
		_, err := os.Stat(file)
		assert.NoError(t, err, file)
	}
}

// Whoever opens a store by its arguments is warned that it encrypts nothing, once.
func TestDriverWarns(t *testing.T) {
	var log bytes.Buffer
	b, err := backend.OpenLogged(t.Context(), "metastore", []byte(`{"dsn": ":memory:"}`), slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	store := b.(*metastore.Store)
	defer store.Close()
	works(t, store)
	works(t, store)
	assert.Equal(t, 1, strings.Count(log.String(), "no Fernet key is configured"))
	backendtest.NoLeak(t, planted, log.String())
}

func TestRefusals(t *testing.T) {
	for kwargs, says := range map[string]string{
		`{"sql_alchemy_conn": "sqlite+sqlcipher:///pLanted5ecret"}`:                                   `driver "sqlcipher"`,
		`{"sql_alchemy_conn": "sqlite://u:pLanted5ecret@h/d"}`:                                        "three slashes",
		`{"sql_alchemy_conn": "sqlite:///a.db?detect_types=pLanted5ecret"}`:                           `option "detect_types"`,
		`{"sql_alchemy_conn": "sqlite:///a.db?mode=ro"}`:                                              `option "mode"`,
		`{"sql_alchemy_conn": "sqlite:///a.db?timeout=pLanted5ecret"}`:                                "timeout",
		`{"sql_alchemy_conn": "sqlite:///a.db?uri=true"}`:                                             "begins with file:",
		`{"dsn": "a.db?mode=ro"}`:                                                                     `unknown parameter "mode"`,
		`{"dsn": "a.db?pLanted5ecret=%zz"}`:                                                           "cannot be read",
		`{"dsn": "?_journal_mode=WAL"}`:                                                               "blank",
		`{"dsn": "sqlite:///pLanted5ecret.db", "dialect": "sqlite"}`:                                  "is a URL",
		`{"dsn": "postgres://u:pLanted5ecret@h/d"}`:                                                   "does not tell",
		`{"dsn": "host=h password=pLanted5ecret"}`:                                                    "does not tell",
		`{"dsn": "u:pLanted5ecret@tcp(h)/d"}`:                                                         "does not tell",
		`{"dsn": "a.db", "fernet_key": "pLanted5ecret"}`:                                              "FernetKeys",
		`{"dsn": "a.db", "fernet_key": "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI=,pLanted5ecret"}`: "Fernet key 2 of 2",
		`{"dsn": "a.db", "team_name": "a b"}`:                                                         "team name",
	} {
		_, err := backend.Open(t.Context(), "metastore", []byte(kwargs))
		require.ErrorContains(t, err, says, kwargs)
		require.ErrorIs(t, err, secrets.ErrMalformed, kwargs)
		backendtest.NoLeak(t, planted, err)
	}
	for _, dsn := range []string{"", "postgres://u:" + planted + "@h/d", "a.db?mode=ro", "a.db?x=%zz"} {
		_, err := sqlite.Open(t.Context(), dsn, nil)
		require.ErrorIs(t, err, secrets.ErrMalformed, "length %d", len(dsn))
		backendtest.NoLeak(t, planted, err)
	}
}

// An error names the file, but for what may be another thing than a file.
func TestErrorsNameTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for dsn, want := range map[string]string{
		"airflow.db": "sqlite airflow.db: ", "file:/no/such/my-air_flow.2.sqlite3?mode=ro": "sqlite my-air_flow.2.sqlite3: ", `no\such.db3`: "sqlite such.db3: ",
		":memory:": "sqlite: ", planted: "sqlite: ", "file:" + planted: "sqlite: ", "host=h password=" + planted + ".db": "sqlite: ",
		"u:" + planted + "@tcp(h)/d": "sqlite: ", "u:p@tcp(" + planted + ")/d.db": "sqlite d.db: ",
	} {
		store, err := sqlite.Open(t.Context(), dsn, nil)
		require.NoError(t, err)
		err = store.Check(t.Context())
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.ErrorContains(t, err, want)
		backendtest.NoLeak(t, planted, err)
		require.NoError(t, store.Close())
	}
}
