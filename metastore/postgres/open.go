package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/place"
	"github.com/secretchain/secrets/metastore"
)

func init() {
	metastore.RegisterDialect(metastore.Registration{
		Name: "postgres", URLs: []string{"postgresql", "postgres"}, Accepts: accepts, Open: Open, OpenURL: openURL,
	})
}

// Open returns a store on the database that dsn names: a postgres:// URL or libpq's key=value pairs, as pgx reads them,
// with TLS by sslmode, sslrootcert, sslcert and sslkey. What dsn leaves open is taken from where libpq takes it: PGHOST
// and its like, .pgpass, pg_service.conf. It makes no connection; certificates are read. The store owns its connections,
// as many as Options.Pool says, and Close ends them. What cannot be used is ErrMalformed.
func Open(_ context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error) {
	if !accepts(dsn) {
		return nil, backend.Refused(errors.New("postgres: the data source name is neither a postgres:// URL nor key=value pairs"))
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // not wrapped: it may quote the password
		return nil, backend.Refused(errors.New("postgres: the data source name cannot be read: percent-encode user and password, and check " +
			"port, sslmode and that the named certificates exist"))
	}
	if config.RuntimeParams["client_encoding"] == "" {
		config.RuntimeParams["client_encoding"] = "UTF8"
	}
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		// The end of a context ends the statement on the server too, and so frees its locks and its connection. A server
		// that does not react in this time loses the connection.
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 300 * time.Millisecond}
	}
	return metastore.Own(stdlib.OpenDB(*config), Dialect{placeOf(config)}, opts)
}

// placeOf is nil where dsn names several servers: the next may be at another.
func placeOf(config *pgx.ConnConfig) *place.Place {
	for _, next := range config.Fallbacks {
		if next.Host != config.Host || next.Port != config.Port {
			return nil
		}
	}
	_, address := pgconn.NetworkAddress(config.Host, config.Port)
	return place.New(address)
}

// accepts recognises a postgres:// URL and key=value pairs.
func accepts(dsn string) bool {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return true
	}
	key, _, ok := strings.Cut(dsn, "=")
	return ok && !strings.ContainsAny(strings.TrimSpace(key), ":/@?&() ")
}
