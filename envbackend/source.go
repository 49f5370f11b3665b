package envbackend

import (
	"context"
	"os"
)

// source is one version of what is looked up in.
type source struct {
	lookup  func(name string) (value string, ok bool)
	environ func() []string // nil: cannot be listed
}

// process is the environment of this process.
var process = source{lookup: os.LookupEnv, environ: os.Environ}

// source returns the present version.
func (b *Backend) source(ctx context.Context) (source, error) {
	if err := ctx.Err(); err != nil {
		return source{}, err
	}
	if b.file == nil {
		return b.env, nil
	}
	vars, err := b.file.vars(ctx)
	if err != nil {
		return source{}, err
	}
	return source{
		lookup: func(name string) (string, bool) {
			value, ok := vars[name]
			return value, ok
		},
		environ: func() []string {
			entries := make([]string, 0, len(vars))
			for name, value := range vars {
				entries = append(entries, name+"="+value)
			}
			return entries
		},
	}, nil
}
