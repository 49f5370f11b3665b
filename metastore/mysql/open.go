package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/place"
	"github.com/secretchain/secrets/metastore"
)

func init() {
	metastore.RegisterDialect(metastore.Registration{
		Name: "mysql", URLs: []string{"mysql", "mariadb"}, Accepts: accepts, Open: Open, OpenURL: openURL,
	})
}

// Open returns a store on the database that dsn names, in the form of go-sql-driver: user:password@tcp(host:3306)/database
// with its parameters, of which tls asks for TLS. It makes no connection. The store owns its connections, as many as
// Options.Pool says, and Close ends them. What cannot be used is ErrMalformed.
func Open(_ context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil { // not wrapped: it may quote the password
		return nil, backend.Refused(errors.New("mysql: the data source name cannot be read: write user:password@tcp(host:3306)/database?name=value, " +
			"with the values percent-encoded"))
	}
	store, err := open(config, opts)
	return store, backend.Refused(err)
}

// strict makes a value that does not fit an error: a secret is never cut short.
const strict = "',STRICT_ALL_TABLES'"

func open(config *mysql.Config, opts *metastore.Options) (*metastore.Store, error) {
	if config.DBName == "" {
		return nil, errors.New("mysql: the data source name names no database")
	}
	if config.Params == nil {
		config.Params = make(map[string]string)
	}
	if config.Params["sql_mode"] == "" {
		config.Params["sql_mode"] = "CONCAT(@@sql_mode, " + strict + ")"
	}
	config.Params["autocommit"] = "1"  // else a write that is no transaction is never committed, and a read sees the past
	config.ClientFoundRows = true      // an update that changes nothing has found its row, so that no insert is tried
	config.Logger = &mysql.NopLogger{} // it would write to the standard error output
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("mysql: the parameters of the data source name do not go together: check tls and collation")
	}
	return metastore.Own(sql.OpenDB(connector), Dialect{place.New(config.Addr)}, opts)
}

// accepts recognises protocol(address)/ and user@/.
func accepts(dsn string) bool {
	return !strings.Contains(dsn, "://") && (strings.Contains(dsn, ")/") || strings.Contains(dsn, "@/"))
}
