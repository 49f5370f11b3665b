package envbackend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/dotenv"
	"github.com/secretchain/secrets/internal/filefail"
	"github.com/secretchain/secrets/internal/filewatch"
)

// file is a .env file in place of the environment.
type file struct {
	path  string
	watch *filewatch.Watch[map[string]string]
}

func newFile(path string, every time.Duration, log *slog.Logger) *file {
	opts := filewatch.Options{Limit: dotenv.MaxSize, Every: every}
	if log != nil {
		opts.Report = func(err error) {
			log.Warn("the environment file cannot be used, the last good version goes on answering", "error", err)
		}
	}
	return &file{path: path, watch: filewatch.File(path, opts, func(c filewatch.Content) (map[string]string, bool, error) {
		vars, err := dotenv.Parse(c.Data)
		if err != nil {
			return nil, false, fmt.Errorf("%s, line %d: %w: %s", path, err.Line, secrets.ErrMalformed, err.Reason)
		}
		return vars, true, nil
	})}
}

// vars returns what the last good version sets. A file that must not be read has no last good version.
func (f *file) vars(ctx context.Context) (map[string]string, error) {
	state, err := f.watch.Get(ctx)
	if err != nil {
		return nil, err
	}
	err = filefail.Classed(state.Err)
	if err != nil && (state.Good == filewatch.None || errors.Is(err, secrets.ErrDenied)) {
		return nil, err
	}
	return state.Value, nil
}

// check tells what is wrong with the present version.
func (f *file) check(ctx context.Context) error {
	state, err := f.watch.Get(ctx)
	if err != nil {
		return err
	}
	return filefail.Classed(state.Err)
}
