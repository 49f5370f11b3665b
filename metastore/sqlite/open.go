package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/metastore"
)

func init() {
	metastore.RegisterDialect(metastore.Registration{
		Name: "sqlite", URLs: []string{"sqlite"}, Accepts: accepts, Open: Open, OpenURL: openURL,
	})
}

// Open returns a store on the database that dsn names: a path, a file: URI or ":memory:"; see the package comment. It
// does no I/O: a file that cannot be opened shows at the first use. The store owns the database and closes it. A dsn that
// cannot be used is ErrMalformed.
func Open(_ context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error) {
	name, query, err := split(dsn)
	if err != nil {
		return nil, backend.Refused(err)
	}
	inMemory := name == ":memory:" || strings.HasPrefix(name, "file::memory:") || query.Get("mode") == "memory"
	setDefaults(query, inMemory)
	connector, err := sqlite.NewConnector(name + "?" + query.Encode())
	if err != nil {
		return nil, backend.Refused(errors.New("sqlite: the parameters of the data source name cannot be read: write them name=value&name=value"))
	}
	db := sql.OpenDB(connector)
	store, err := metastore.Own(db, dialectOf(name), opts)
	if err == nil && inMemory { // it lives in its connection
		db.SetMaxOpenConns(1)
		db.SetConnMaxLifetime(0)
		db.SetConnMaxIdleTime(0)
	}
	return store, err
}

// known are the parameters of a path. The driver drops others without a word, mode=ro for one, which is worse than an error.
var known = []string{"_pragma", "_busy_timeout", "_timeout", "_foreign_keys", "_fk", "_journal_mode", "_journal", "_synchronous", "_sync",
	"_auto_vacuum", "_vacuum", "_query_only", "_txlock", "_defensive", "_dqs", "vfs"}

// split takes a data source name apart.
func split(dsn string) (name string, query url.Values, err error) {
	name, text, _ := strings.Cut(dsn, "?")
	if name == "" {
		return "", nil, errors.New(`sqlite: the data source name is blank: give a path, a file: URI or ":memory:"`)
	}
	if scheme, _, isURL := strings.Cut(name, "://"); isURL && scheme != "file" && !strings.ContainsAny(scheme, `./\`) {
		return "", nil, errors.New(`sqlite: the data source name is a URL: give a path, a file: URI or ":memory:"; a SQLAlchemy URL goes to metastore.OpenURL, or the argument sql_alchemy_conn`)
	}
	query, err = url.ParseQuery(text)
	if err != nil {
		return "", nil, errors.New("sqlite: the parameters of the data source name cannot be read: write them name=value&name=value")
	}
	for parameter := range query {
		if !strings.HasPrefix(name, "file:") && !slices.Contains(known, parameter) {
			return "", nil, fmt.Errorf("sqlite: unknown parameter %q after a path; SQLite's own need a URI: file:path?%s=…", parameter, parameter)
		}
	}
	return name, query, nil
}

// setDefaults sets what the package comment says where the query does not.
func setDefaults(query url.Values, inMemory bool) {
	sets := func(pragma string, names ...string) bool {
		for _, value := range query["_pragma"] {
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), pragma) {
				return true
			}
		}
		return slices.ContainsFunc(names, query.Has)
	}
	if !sets("busy_timeout", "_busy_timeout", "_timeout") {
		query.Set("_busy_timeout", "200") // in which no context can interrupt it; the store goes on waiting where one can
	}
	if !sets("foreign_keys", "_foreign_keys", "_fk") {
		query.Set("_foreign_keys", "1")
	}
	readOnly := query.Get("mode") == "ro" || query.Has("immutable") || query.Has("_query_only")
	if !inMemory && !readOnly && !sets("journal_mode", "_journal_mode", "_journal") {
		query.Set("_journal_mode", "WAL")
	}
	if !query.Has("_txlock") && !readOnly {
		query.Set("_txlock", "immediate")
	}
}

// accepts recognises a path, a file: URI and ":memory:": whatever is no URL and no list of settings.
func accepts(dsn string) bool {
	name, _, _ := strings.Cut(dsn, "?")
	return strings.HasPrefix(name, "file:") || !strings.Contains(name, "://") && !strings.ContainsAny(name, "@=")
}
