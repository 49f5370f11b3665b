package localfs

import (
	"context"
	"errors"
	"strings"

	"github.com/secretchain/secrets"
)

// GetConnections returns every connection under id, in the order of the file.
func (b *Backend) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	v, err := b.get(ctx, secrets.KindConnection, id)
	if err != nil {
		return nil, err
	}
	return v.connections(id)
}

// GetConnURI returns the URI form of the first connection under id, whichever form it is stored in.
func (b *Backend) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, b.GetConnections)
}

// GetVariable returns the text under key; where the file has no text there, its compact JSON.
func (b *Backend) GetVariable(ctx context.Context, key string) (string, error) {
	v, err := b.get(ctx, secrets.KindVariable, key)
	return v.text, err
}

// GetConfig returns a config value, as GetVariable returns a variable; a list of one stands for its element.
func (b *Backend) GetConfig(ctx context.Context, key string) (string, error) {
	v, err := b.get(ctx, secrets.KindConfig, key)
	return v.text, err
}

// GetVariables reads several variables of one version of the file.
func (b *Backend) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return getMany(ctx, b, secrets.KindVariable, keys, func(v value, _ string) (string, error) { return v.text, nil })
}

// GetConnectionMap reads several ids of one version of the file. One that is malformed is absent from the map, and part of
// the error.
func (b *Backend) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return getMany(ctx, b, secrets.KindConnection, ids, value.connections)
}

// StoreName answers the name that is looked up first. It is blank where no path is given or the id is refused; the blank
// id has no name, though a file can hold it.
func (b *Backend) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	if b.place(kind) == nil {
		return "", false
	}
	names, err := b.names(kind, id)
	if err != nil {
		return "", false
	}
	return names[0], id != ""
}

// List returns the names of one kind, without those that cannot be used.
func (b *Backend) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	p := b.place(kind)
	if p == nil {
		return nil, nil
	}
	v, err := p.now(ctx, b.strict)
	if err != nil {
		return nil, &secrets.Error{Op: "list", Kind: kind, Err: err}
	}
	var ids []string
	seen := make(map[string]bool)
	for name := range v.names() {
		id := name
		if kind != secrets.KindConfig {
			id = strings.TrimPrefix(name, b.team)
		}
		if _, err := b.names(kind, id); !seen[id] && err == nil {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// teamSeparator stands between team and id; no team name can hold it (specification, lookup §8).
const teamSeparator = "___"

// names returns what is looked up for id, in order, or the refusal of an id that could spell a team's name.
func (b *Backend) names(kind secrets.Kind, id string) ([]string, error) {
	if b.scope == nil {
		return []string{id}, nil
	}
	return b.scope(kind, id)
}

// get looks id up in the present version.
func (b *Backend) get(ctx context.Context, kind secrets.Kind, id string) (value, error) {
	p := b.place(kind)
	if p == nil {
		return value{}, failure(kind, id, secrets.ErrNotFound)
	}
	version, err := p.now(ctx, b.strict)
	if err != nil {
		return value{}, failure(kind, id, err)
	}
	return b.find(version, kind, id)
}

// find looks up the names of id in one version.
func (b *Backend) find(in version, kind secrets.Kind, id string) (value, error) {
	if b.scope != nil {
		names, err := b.names(kind, id)
		if err != nil {
			return value{}, err
		}
		for _, name := range names[:len(names)-1] {
			v, found, err := in.value(name)
			if err != nil {
				return value{}, failure(kind, id, err)
			}
			if found {
				return v, nil
			}
		}
	}
	v, found, err := in.value(id)
	if err == nil && !found {
		err = secrets.ErrNotFound
	}
	if err != nil {
		return value{}, failure(kind, id, err)
	}
	return v, nil
}

// getMany looks ids up in one version, and makes of each value what is asked for.
func getMany[T any](ctx context.Context, b *Backend, kind secrets.Kind, ids []string, of func(v value, id string) (T, error)) (map[string]T, error) {
	found := make(map[string]T, len(ids))
	p := b.place(kind)
	if p == nil {
		return found, ctx.Err()
	}
	version, err := p.now(ctx, b.strict)
	if err != nil {
		return nil, &secrets.Error{Op: "get", Kind: kind, Err: err}
	}
	var failures []error
	for _, id := range ids {
		var got T
		v, err := b.find(version, kind, id)
		if err == nil {
			got, err = of(v, id)
		}
		switch {
		case err == nil:
			found[id] = got
		case secrets.ClassOf(err) != secrets.ErrNotFound:
			failures = append(failures, err)
		}
	}
	return found, join(failures)
}

func failure(kind secrets.Kind, id string, err error) error {
	return &secrets.Error{Op: "get", Kind: kind, ID: id, Err: err}
}

// join is errors.Join, but of one error that error itself.
func join(problems []error) error {
	if len(problems) == 1 {
		return problems[0]
	}
	return errors.Join(problems...)
}
