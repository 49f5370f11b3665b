package metastore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/metastore"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const planted = "pLanted5ecret"

func TestReadsAreRepeatedOnceAfterALostConnection(t *testing.T) {
	for name, c := range map[string]struct {
		fails []error
		asked int
		found bool
	}{
		"no failure":           {nil, 1, true},
		"lost once":            {[]error{errLost}, 2, true},
		"lost twice":           {[]error{errLost, errLost}, 2, false},
		"another failure":      {[]error{errOther}, 1, false},
		"the table changed":    {[]error{errStale}, 2, true},
		"conflicts":            {[]error{errConflict, errConflict, errConflict}, 4, true},
		"a connection died":    {[]error{driver.ErrBadConn}, 2, true},
		"lost, then a refusal": {[]error{errLost, errOther}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{fails: c.fails}
			value, err := open(t, f, nil).GetVariable(t.Context(), "x")
			assert.Len(t, f.asked, c.asked)
			if c.found {
				require.NoError(t, err)
				assert.Equal(t, "value", value)
				return
			}
			require.ErrorIs(t, err, secrets.ErrUnavailable)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestWritesAreRepeatedOnlyIfNothingWasWritten(t *testing.T) {
	for name, c := range map[string]struct {
		fails   []error
		asked   int
		written bool
		says    string
	}{
		"no failure":        {nil, 1, true, ""},
		"lost":              {[]error{errLost}, 1, false, "whether the change was made is not known"},
		"another failure":   {[]error{errOther}, 1, false, "other"},
		"the table changed": {[]error{errStale}, 2, true, ""},
		"conflicts":         {[]error{errConflict, errConflict}, 3, true, ""},
		"a connection died": {[]error{driver.ErrBadConn}, 2, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{fails: c.fails}
			err := open(t, f, nil).SetVariable(t.Context(), "x", planted)
			assert.Len(t, f.asked, c.asked)
			if c.written {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, secrets.ErrUnavailable)
			assert.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestConflictsAreBornWithForTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		for range 10_000 {
			f.fails = append(f.fails, errConflict)
		}
		begin := time.Now()
		err := open(t, f, nil).SetVariable(t.Context(), "x", planted)
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.InDelta(t, 10, time.Since(begin).Seconds(), 1)
		assert.Less(t, len(f.asked), 10_000)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		err = open(t, f, nil).SetVariable(ctx, "x", planted)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begin))
	})
}

func TestColumnsAreFoundOnce(t *testing.T) {
	f := &fake{}
	store := open(t, f, nil)
	assert.Zero(t, f.opened, "New does no I/O")
	for range 3 {
		_, err := store.GetVariable(t.Context(), "x")
		require.NoError(t, err)
	}
	assert.Equal(t, 1, f.looks)
}

// What the package comment says under Cost.
func TestStatements(t *testing.T) {
	many := make([]string, 2500)
	for i := range many {
		many[i] = fmt.Sprint("name ", i)
	}
	get := func(s *metastore.Store) error { _, err := s.GetVariable(t.Context(), "x"); return err }
	set := func(s *metastore.Store) error { return s.SetVariable(t.Context(), "x", planted) }
	batch := func(s *metastore.Store) error { _, err := s.GetVariables(t.Context(), many); return err }
	for name, c := range map[string]struct {
		absent bool
		team   string
		call   func(*metastore.Store) error
		asked  int
	}{
		"a lookup":                 {false, "", get, 1},
		"a lookup of a team":       {false, "team-a", get, 1},
		"2500 names":               {true, "", batch, 3},
		"a write over a name":      {false, "", set, 1},
		"a write of a new name":    {true, "", set, 2},
		"a write of a team's name": {true, "team-a", set, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{absent: c.absent}
			store := open(t, f, &metastore.Options{Team: c.team})
			require.NoError(t, c.call(store))
			assert.Len(t, f.asked, c.asked)
			prepared := f.made
			require.NoError(t, c.call(store))
			assert.Len(t, f.asked, 2*c.asked)
			assert.Equal(t, prepared, f.made, "statements are prepared once")
			assert.Equal(t, 1, f.looks)
			assert.Equal(t, 1, f.opened, "nothing is held open between calls")
		})
	}
}

func TestFirstCallersShareOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := &fake{look: func(ctx context.Context) error {
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		store := open(t, f, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if i == 0 { // one that leaves harms no other
					_, err := store.GetVariable(ctx, "x")
					assert.ErrorIs(t, err, context.Canceled)
					return
				}
				_, err := store.GetVariable(t.Context(), "x")
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		wg.Wait()
		assert.Equal(t, 1, f.looks)
	})
}

func TestAFailedLookIsNotRemembered(t *testing.T) {
	f := &fake{look: func(context.Context) error { return errOther }}
	store := open(t, f, nil)
	_, err := store.GetVariable(t.Context(), "x")
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	backendtest.NoLeak(t, planted, err)
	f.look = nil
	_, err = store.GetVariable(t.Context(), "x")
	require.NoError(t, err)
}

func TestCloseLeavesTheCallersDatabase(t *testing.T) {
	for _, own := range []bool{false, true} {
		f := &fake{}
		db := sql.OpenDB(f)
		store, err := metastore.New(db, dialect{}, &metastore.Options{CloseDB: own})
		require.NoError(t, err)
		_, err = store.GetVariable(t.Context(), "x")
		require.NoError(t, err)
		require.NoError(t, store.Close())
		_, err = store.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrClosed)
		assert.Equal(t, own, db.PingContext(t.Context()) != nil)
		require.NoError(t, db.Close())
		assert.Equal(t, f.opened, f.closed)
	}
}

func TestNewRefuses(t *testing.T) {
	db := sql.OpenDB(&fake{})
	defer db.Close()
	for name, c := range map[string]struct {
		db      *sql.DB
		dialect metastore.Dialect
		opts    *metastore.Options
		says    string
	}{
		"no database": {nil, dialect{}, nil, "needs a database"},
		"no dialect":  {db, nil, nil, "needs a database and a dialect"},
		"bad key":     {db, dialect{}, &metastore.Options{FernetKeys: []secrets.Secret{secrets.NewSecret(planted)}}, "Options.FernetKeys"},
		"blank key":   {db, dialect{}, &metastore.Options{FernetKeys: []secrets.Secret{{}}}, "Options.FernetKeys"},
		"bad team":    {db, dialect{}, &metastore.Options{Team: "a_b"}, "Options.Team"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := metastore.New(c.db, c.dialect, c.opts)
			require.ErrorIs(t, err, secrets.ErrMalformed)
			require.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestParseFernetKeys(t *testing.T) {
	for setting, want := range map[string][]string{
		"": nil, "  ": nil, "a": {"a"}, "a, b": {"a", "b"}, "a,": {"a", ""}, ",a\n": {"", "a"},
	} {
		var got []string
		for _, key := range metastore.ParseFernetKeys(secrets.NewSecret(setting)) {
			got = append(got, key.Reveal())
		}
		assert.Equal(t, want, got, setting)
	}
}

func TestAStorePrintsItsDialectAlone(t *testing.T) {
	store := open(t, &fake{}, &metastore.Options{FernetKeys: []secrets.Secret{secrets.NewSecret("78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI=")}})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Equal(t, "metastore (fake)", fmt.Sprintf(verb, store))
	}
}

func TestStoreName(t *testing.T) {
	store := open(t, &fake{}, nil)
	for _, c := range []struct {
		kind secrets.Kind
		id   string
		ok   bool
	}{
		{secrets.KindConnection, "smtp_default", true}, {secrets.KindVariable, "a b", true}, {secrets.KindConfig, "x", false},
		{secrets.KindVariable, "", false}, {secrets.KindVariable, "\xff", false}, {0, "x", false},
	} {
		name, ok := store.StoreName(c.kind, c.id)
		assert.Equal(t, c.id, name)
		assert.Equal(t, c.ok, ok, c.id)
	}
}

// No dialect is imported here, so the driver can only say what to import.
func TestADialectThatIsNotImportedIsNamed(t *testing.T) {
	for kwargs, says := range map[string]string{
		`{"sql_alchemy_conn": "postgresql+psycopg2://u:pLanted5ecret@h/d"}`: `add import _ "github.com/secretchain/secrets/metastore/postgres"`,
		`{"sql_alchemy_conn": "mysql://u:pLanted5ecret@h/d"}`:               `add import _ "github.com/secretchain/secrets/metastore/mysql"`,
		`{"sql_alchemy_conn": "sqlite:///pLanted5ecret"}`:                   `add import _ "github.com/secretchain/secrets/metastore/sqlite"`,
		`{"sql_alchemy_conn": "oracle://u:pLanted5ecret@h/d"}`:              `unknown dialect "oracle"`,
		`{"sql_alchemy_conn": "pLanted5ecret"}`:                             "not a SQLAlchemy URL",
		`{"dsn": "pLanted5ecret"}`:                                          "give dialect",
		`{"dsn": "pLanted5ecret", "dialect": "mysql"}`:                      `add import _ "github.com/secretchain/secrets/metastore/mysql"`,
		`{"dsn": "pLanted5ecret", "dialect": "oracle"}`:                     `unknown dialect "oracle"`,
		`{}`:                                    "sql_alchemy_conn",
		`{"dsn": "a", "sql_alchemy_conn": "b"}`: "give one of",
		`{"sql_alchemy_conn": "sqlite://", "dialect": "sqlite"}`:  "dialect",
		`{"sql_alchemy_con": "sqlite://"}`:                        `did you mean "sql_alchemy_conn"`,
		`{"sql_alchemy_conn": "sqlite://", "team_name": "a b c"}`: "metastore/sqlite",
	} {
		for _, name := range []string{"metastore", "airflow.secrets.metastore.MetastoreBackend", "airflow.secrets.metastore.MetastoreSecretsBackend"} {
			_, err := backend.Open(t.Context(), name, []byte(kwargs))
			require.ErrorContains(t, err, says)
			class := secrets.ErrMalformed
			if strings.HasPrefix(says, "add import") || strings.HasPrefix(says, "metastore/") {
				class = secrets.ErrUnavailable
			}
			assert.Equal(t, class, secrets.ClassOf(err), kwargs)
			backendtest.NoLeak(t, planted, err)
		}
	}
	_, err := metastore.OpenURL(t.Context(), secrets.NewSecret("oracle://u:pLanted5ecret@h/d"), nil)
	require.ErrorIs(t, err, secrets.ErrMalformed)
}

func TestRegisterDialectPanics(t *testing.T) {
	assert.Panics(t, func() { metastore.RegisterDialect(metastore.Registration{Name: "half"}) })
	assert.Empty(t, metastore.Dialects())
}

func TestRowErrorsAndTheirLists(t *testing.T) {
	row := metastore.RowError{Kind: secrets.KindVariable, ID: "x", Row: 7, Field: "val", Reason: "no Fernet key fits"}
	assert.EqualError(t, &row, "malformed: row 7, field val: no Fernet key fits")
	assert.ErrorIs(t, &row, secrets.ErrMalformed)
	many := &metastore.UnreadableError{Rows: make([]metastore.RowError, 100)}
	for i := range many.Rows {
		many.Rows[i] = row
	}
	assert.True(t, errors.Is(many, secrets.ErrMalformed))
	assert.Less(t, len(many.Error()), 400)
}
