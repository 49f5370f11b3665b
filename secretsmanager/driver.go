package secretsmanager

import (
	"context"
	"log/slog"

	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.Register(backend.Driver{Name: "secretsmanager", ClassPaths: backend.ClassPaths("secretsmanager"),
		OpenLogged: backend.LoggedOpener(func(ctx context.Context, opts *Options, logger *slog.Logger) (*Backend, error) {
			opts.Logger = logger
			return Open(ctx, opts)
		})})
}
