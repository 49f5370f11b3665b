package backend

import (
	"context"
	"log/slog"
)

type loggerKey struct{}

// WithLogger returns a context under which [Open] gives stores a Logger for their warnings, which kwargs have no room for.
func WithLogger(ctx context.Context, logger *slog.Logger) context.Context {
	return context.WithValue(ctx, loggerKey{}, logger)
}

// Logger returns what [WithLogger] gave, for the Open of a [Driver]; nil where there is none.
func Logger(ctx context.Context) *slog.Logger {
	logger, _ := ctx.Value(loggerKey{}).(*slog.Logger)
	return logger
}
