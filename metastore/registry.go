package metastore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

// A Registration makes a dialect available to the backend driver "metastore" and to [OpenURL]. Each dialect package
// registers one from init, so that importing it is all it takes, and that no database's driver is linked unasked.
// The functions do no I/O.
type Registration struct {
	Name string   // of the dialect: "postgres"
	URLs []string // what SQLAlchemy calls it: "postgresql", "postgres"

	// Accepts reports whether a data source name looks like this database's own form.
	Accepts func(dsn string) bool
	// Open makes a store from a data source name in the database's own form.
	Open func(ctx context.Context, dsn string, opts *Options) (*Store, error)
	// OpenURL makes a store from a SQLAlchemy URL. An option it cannot honour is an error that names it.
	OpenURL func(ctx context.Context, url sqlalchemy.URL, opts *Options) (*Store, error)
}

// packages are where this module's dialects live, for the error about one that is not imported.
var packages = map[string]string{"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}

var registry struct {
	sync.RWMutex
	byName map[string]Registration
}

// RegisterDialect adds a dialect. It panics on a blank or taken name and on a missing function.
func RegisterDialect(r Registration) {
	if r.Name == "" || r.Accepts == nil || r.Open == nil || r.OpenURL == nil {
		panic("metastore: RegisterDialect needs a name and every function")
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byName[r.Name]; taken {
		panic(fmt.Sprintf("metastore: RegisterDialect: %q is taken", r.Name))
	}
	if registry.byName == nil {
		registry.byName = make(map[string]Registration)
	}
	registry.byName[r.Name] = r
}

// Dialects lists the names of the registered dialects, sorted.
func Dialects() []string {
	registry.RLock()
	defer registry.RUnlock()
	return slices.Sorted(maps.Keys(registry.byName))
}

// OpenURL makes a store from a SQLAlchemy URL, such as Airflow's setting sql_alchemy_conn, with the dialect that the URL
// names; its package must be imported, or it is ErrUnavailable. It does no I/O, and no error, ErrMalformed for all that cannot be used,
// shows any part of the URL but names of options.
func OpenURL(ctx context.Context, url secrets.Secret, opts *Options) (*Store, error) {
	u, err := sqlalchemy.Parse(url)
	if err != nil {
		return nil, err
	}
	for _, r := range registered() {
		if slices.Contains(r.URLs, u.Dialect) {
			store, err := r.OpenURL(ctx, u, opts)
			return store, backend.Refused(err)
		}
	}
	return nil, unknownDialect(u.Dialect)
}

// unknownDialect is unavailable if it only has to be imported.
func unknownDialect(name string) error {
	if pkg, ok := packages[name]; ok {
		return fmt.Errorf("%w: the dialect %s is not imported: add import _ %q", secrets.ErrUnavailable, name, importPath+pkg)
	}
	return backend.Refused(fmt.Errorf("unknown dialect %q: registered are %s", name, orNone(Dialects())))
}

// openDSN makes a store from a database's own data source name. A blank dialect is guessed from the form of the name.
func openDSN(ctx context.Context, dialect, dsn string, opts *Options) (*Store, error) {
	var fitting []Registration
	for _, r := range registered() {
		if r.Name == dialect || dialect == "" && r.Accepts(dsn) {
			fitting = append(fitting, r)
		}
	}
	switch {
	case len(fitting) == 1:
		return fitting[0].Open(ctx, dsn, opts)
	case dialect != "":
		return nil, unknownDialect(dialect)
	}
	return nil, errors.New("the dsn does not tell which database it is for: give dialect, one of " + orNone(Dialects()) + "; import the package of any other")
}

const importPath = "github.com/secretchain/secrets/metastore/"

// registered returns the dialects in the order of their names.
func registered() []Registration {
	registry.RLock()
	defer registry.RUnlock()
	all := make([]Registration, 0, len(registry.byName))
	for _, name := range slices.Sorted(maps.Keys(registry.byName)) {
		all = append(all, registry.byName[name])
	}
	return all
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none (import " + importPath + "sqlite, postgres or mysql)"
	}
	return strings.Join(names, ", ")
}
