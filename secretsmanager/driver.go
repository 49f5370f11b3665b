package secretsmanager

import (
	"context"
	"log/slog"

	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.RegisterLogged(backend.Driver{Name: "secretsmanager", ClassPaths: backend.ClassPaths("secretsmanager")},
		backend.LoggedOpener(func(ctx context.Context, opts *Options, logger *slog.Logger) (*Backend, error) {
			opts.Logger = logger
			return Open(ctx, opts)
		}))
}
