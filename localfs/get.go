package localfs

import (
	"context"
	"errors"
	"strings"

	"github.com/secretchain/secrets"
)

// GetConnections returns every connection under id, in the order of the file.
func (b *Backend) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return get(ctx, b, secrets.KindConnection, id, connections)
}

// GetConnURI returns the URI form of the first connection under id, whichever form it is stored in.
func (b *Backend) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, b.GetConnections)
}

// GetVariable returns the text under key; where the file has no text there, its compact JSON.
func (b *Backend) GetVariable(ctx context.Context, key string) (string, error) {
	return get(ctx, b, secrets.KindVariable, key, text)
}

// GetConfig returns a config value, as GetVariable returns a variable; a list of one stands for its element.
func (b *Backend) GetConfig(ctx context.Context, key string) (string, error) {
	return get(ctx, b, secrets.KindConfig, key, text)
}

// GetVariables reads several variables of one version of the file.
func (b *Backend) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return getMany(ctx, b, secrets.KindVariable, keys, text)
}

// GetConnectionMap reads several ids of one version of the file. One that is malformed is absent from the map, and part of
// the error.
func (b *Backend) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return getMany(ctx, b, secrets.KindConnection, ids, connections)
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

// value takes a name's value out of the set that holds it.
type value[T any] func(s *set, name, id string) (value T, found bool, err error)

func text(s *set, name, _ string) (string, bool, error) {
	text, ok := s.texts[name]
	return text, ok, nil
}

func connections(s *set, name, id string) ([]secrets.Connection, bool, error) {
	text, ok := s.texts[name]
	if !ok {
		return nil, false, nil
	}
	more := s.more[name]
	list := make([]secrets.Connection, 1+len(more))
	for i := range list {
		if i > 0 {
			text = more[i-1]
		}
		c, err := secrets.Parse(text)
		if err != nil { // what was read has been checked
			return nil, false, err
		}
		c.ID = id
		list[i] = c
	}
	return list, true, nil
}

func get[T any](ctx context.Context, b *Backend, kind secrets.Kind, id string, take value[T]) (T, error) {
	var zero T
	p := b.place(kind)
	if p == nil {
		return zero, failure(kind, id, secrets.ErrNotFound)
	}
	v, err := p.now(ctx, b.strict)
	if err != nil {
		return zero, failure(kind, id, err)
	}
	return find(b, v, kind, id, take)
}

// find looks up the names of id in one version.
func find[T any](b *Backend, v version, kind secrets.Kind, id string, take value[T]) (T, error) {
	var zero T
	if b.team != "" {
		names, err := b.names(kind, id)
		if err != nil {
			return zero, err
		}
		for _, name := range names[:len(names)-1] {
			got, found, err := findName(v, name, id, take)
			if err != nil {
				return zero, failure(kind, id, err)
			}
			if found {
				return got, nil
			}
		}
	}
	got, found, err := findName(v, id, id, take)
	if err == nil && !found {
		err = secrets.ErrNotFound
	}
	if err != nil {
		return zero, failure(kind, id, err)
	}
	return got, nil
}

func findName[T any](v version, name, id string, take value[T]) (got T, found bool, err error) {
	s, err := v.holding(name)
	if err != nil || s == nil {
		return got, false, err
	}
	return take(s, name, id)
}

func getMany[T any](ctx context.Context, b *Backend, kind secrets.Kind, ids []string, take value[T]) (map[string]T, error) {
	found := make(map[string]T, len(ids))
	p := b.place(kind)
	if p == nil {
		return found, ctx.Err()
	}
	v, err := p.now(ctx, b.strict)
	if err != nil {
		return nil, &secrets.Error{Op: "get", Kind: kind, Err: err}
	}
	var failures []error
	for _, id := range ids {
		got, err := find(b, v, kind, id, take)
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
