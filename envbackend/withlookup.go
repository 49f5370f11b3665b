package envbackend

import "github.com/secretchain/secrets"

// WithLookup returns a backend that is as b, and reads lookup instead of the environment; it cannot list. One that reads
// a file is returned as it is. Package airflowcfg hands its Options.Environ on with it.
func (b *Backend) WithLookup(lookup func(name string) (value string, ok bool)) secrets.Backend {
	if b.file != nil {
		return b
	}
	other := *b
	other.env = source{lookup: lookup}
	return &other
}
