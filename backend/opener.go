package backend

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/secretchain/secrets"
)

// Opener makes the Open of a [Driver] out of a function that takes the arguments decoded: DecodeKwargs fills an A, so
// its errors are Open's, too. A store's own Open will do, where Airflow's arguments are the fields of its Options.
// Where open fails its B is dropped, so that a nil pointer is no Backend.
func Opener[A any, B secrets.Backend](open func(ctx context.Context, args *A) (B, error)) func(context.Context, json.RawMessage) (secrets.Backend, error) {
	logged := LoggedOpener(func(ctx context.Context, args *A, _ *slog.Logger) (B, error) { return open(ctx, args) })
	return func(ctx context.Context, kwargs json.RawMessage) (secrets.Backend, error) {
		return logged(ctx, kwargs, nil)
	}
}

// LoggedOpener is Opener for [RegisterLogged].
func LoggedOpener[A any, B secrets.Backend](open func(ctx context.Context, args *A, logger *slog.Logger) (B, error)) LoggedOpen {
	return func(ctx context.Context, kwargs json.RawMessage, logger *slog.Logger) (secrets.Backend, error) {
		var args A
		if err := DecodeKwargs(kwargs, &args); err != nil {
			return nil, err
		}
		b, err := open(ctx, &args, logger)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
}
