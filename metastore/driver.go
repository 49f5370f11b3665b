package metastore

import (
	"context"
	"errors"
	"log/slog"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.RegisterLogged(backend.Driver{Name: "metastore", ClassPaths: backend.ClassPaths("metastore")}, backend.LoggedOpener(open))
}

// arguments are the driver's. Airflow's own backend takes none: it uses the database that Airflow is configured with.
type arguments struct {
	SQLAlchemyConn secrets.Secret `json:"sql_alchemy_conn"`
	DSN            secrets.Secret `json:"dsn"`
	Dialect        string         `json:"dialect"` // of dsn, where its form does not tell
	FernetKey      secrets.Secret `json:"fernet_key"`
	Team           string         `json:"team_name"`
}

func open(ctx context.Context, args *arguments, logger *slog.Logger) (*Store, error) {
	opts := &Options{FernetKeys: ParseFernetKeys(args.FernetKey), Team: args.Team, Logger: logger}
	switch url, dsn := !args.SQLAlchemyConn.IsZero(), !args.DSN.IsZero(); {
	case url == dsn:
		return nil, errors.New("give one of the arguments sql_alchemy_conn (a SQLAlchemy URL) and dsn")
	case url && args.Dialect != "":
		return nil, errors.New(`the argument "dialect" goes with dsn; sql_alchemy_conn tells its own`)
	case url:
		return OpenURL(ctx, args.SQLAlchemyConn, opts)
	}
	return openDSN(ctx, args.Dialect, args.DSN.Reveal(), opts)
}
