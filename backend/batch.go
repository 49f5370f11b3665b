package backend

import (
	"context"
	"errors"

	"github.com/secretchain/secrets"
)

// GetVariables is the Batcher's half for variables, through TextOptions.FetchMany.
func (s *TextStore) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return lookupMany(ctx, s, secrets.KindVariable, keys, s.text)
}

// GetConnectionMap is the Batcher's half for connections, through TextOptions.FetchMany.
func (s *TextStore) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return lookupMany(ctx, s, secrets.KindConnection, ids, s.connections)
}

// lookupMany goes round by round: the first names of all ids in one batch, then the second names (with teams) of those
// still missing. One bad value breaks no other: its error is joined to the result's error, its id is absent.
func lookupMany[T any](ctx context.Context, s *TextStore, kind secrets.Kind, ids []string, d decode[T]) (map[string]T, error) {
	switch {
	case s.more.FetchMany == nil:
		return nil, &secrets.Error{Op: "get", Kind: kind, Err: errors.ErrUnsupported}
	case s.closed.Load():
		return nil, &secrets.Error{Op: "get", Kind: kind, Err: secrets.ErrClosed}
	}
	found := make(map[string]T, len(ids))
	var failures []error
	left := make(map[string][]string, len(ids)) // id → names not asked yet
	for _, id := range ids {
		names, err := s.names.Names(kind, id)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		left[id] = names
	}
	for len(left) > 0 {
		askers := make(map[string][]string, len(left)) // name → ids; two ids may share a name
		var batch []string
		for id, names := range left {
			if len(names) == 0 {
				delete(left, id)
				continue
			}
			if askers[names[0]] == nil {
				batch = append(batch, names[0])
			}
			askers[names[0]] = append(askers[names[0]], id)
			left[id] = names[1:]
		}
		if len(batch) == 0 {
			break
		}
		texts, err := s.more.FetchMany(ctx, batch)
		for name, text := range texts {
			for _, id := range askers[name] {
				v, err := decoded(s, kind, id, name, text, d)
				switch {
				case err == nil:
					found[id] = v
				case secrets.ClassOf(err) == secrets.ErrNotFound:
					continue // the next name may have it
				default:
					failures = append(failures, err)
				}
				delete(left, id)
			}
		}
		if err = s.because(ctx, err); err != nil {
			return found, errors.Join(append(failures, &secrets.Error{Op: "get", Kind: kind, Err: err})...)
		}
	}
	return found, errors.Join(failures...)
}
