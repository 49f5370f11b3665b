package resilience

import (
	"context"
	"errors"
	"maps"

	"github.com/secretchain/secrets"
)

// FallbackTexts are what is answered for names that a backend does not hold. Connections are in URI or JSON form; they
// are parsed at the lookup, where a malformed one fails like any other.
type FallbackTexts struct {
	Connections map[string]secrets.Secret
	Variables   map[string]secrets.Secret
	Config      map[string]secrets.Secret
}

// Fallback answers with a text of its own where b does not find a name: a default that belongs to the program. It never
// hides a failure: a store that is down or refuses is an error, also for a name that has a text. The maps must not be
// changed afterwards.
func Fallback(b secrets.Backend, texts FallbackTexts) secrets.Backend {
	f := &fallback{texts: texts}
	f.wrapped = wrapped{name: "Fallback", inner: given("Fallback", b), guard: func(ctx context.Context, c call) error { return c.do(ctx) }}
	return f
}

type fallback struct {
	wrapped
	texts FallbackTexts
}

func notFound(err error) bool { return err != nil && secrets.ClassOf(err) == secrets.ErrNotFound }

func (f *fallback) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	conns, err := f.wrapped.GetConnections(ctx, id)
	if text, ok := f.texts.Connections[id]; ok && notFound(err) {
		return secrets.ConnectionsFromText(id, text.Reveal())
	}
	return conns, err
}

func (f *fallback) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, f.GetConnections)
}

func (f *fallback) GetVariable(ctx context.Context, key string) (string, error) {
	value, err := f.wrapped.GetVariable(ctx, key)
	if text, ok := f.texts.Variables[key]; ok && notFound(err) {
		return text.Reveal(), nil
	}
	return value, err
}

func (f *fallback) GetConfig(ctx context.Context, key string) (string, error) {
	value, err := f.wrapped.GetConfig(ctx, key)
	if text, ok := f.texts.Config[key]; ok && (notFound(err) || errors.Is(err, errors.ErrUnsupported)) {
		return text.Reveal(), nil
	}
	return value, err
}

func (f *fallback) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	found, err := f.wrapped.GetVariables(ctx, keys)
	if err != nil {
		return found, err // what is absent cannot be told from what failed
	}
	found = own(found)
	for _, key := range keys {
		if _, ok := found[key]; ok {
			continue
		}
		if text, ok := f.texts.Variables[key]; ok {
			found[key] = text.Reveal()
		}
	}
	return found, nil
}

func (f *fallback) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	found, err := f.wrapped.GetConnectionMap(ctx, ids)
	if err != nil {
		return found, err
	}
	found = own(found)
	var failures []error
	for _, id := range ids {
		text, ok := f.texts.Connections[id]
		if _, has := found[id]; has || !ok {
			continue
		}
		conns, err := secrets.ConnectionsFromText(id, text.Reveal())
		switch {
		case err == nil:
			found[id] = conns
		case !notFound(err):
			failures = append(failures, err)
		}
	}
	return found, errors.Join(failures...)
}

// own returns a map that texts may be added to. The backend's may be nil, or shared.
func own[T any](found map[string]T) map[string]T {
	all := make(map[string]T, len(found))
	maps.Copy(all, found)
	return all
}
