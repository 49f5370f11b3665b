package envbackend

import (
	"context"
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
)

// GetConnections reads the variable of id, in URI or JSON form.
func (b *Backend) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	text, name, err := b.get(ctx, secrets.KindConnection, id)
	if err != nil {
		return nil, err
	}
	return connections(id, text, name)
}

func connections(id, text, name string) ([]secrets.Connection, error) {
	conns, err := secrets.ConnectionsFromText(id, text)
	if e, ok := errors.AsType[*secrets.Error](err); ok {
		e.StoreName = name
	}
	return conns, err
}

// GetConnURI returns the URI form of the connection of id, whichever form its variable has.
func (b *Backend) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, b.GetConnections)
}

// GetVariable returns the value of key's variable. A blank one is a value.
func (b *Backend) GetVariable(ctx context.Context, key string) (string, error) {
	text, _, err := b.get(ctx, secrets.KindVariable, key)
	return text, err
}

// GetConfig returns a configuration value where Options.Config says that there are any, else errors.ErrUnsupported.
func (b *Backend) GetConfig(ctx context.Context, key string) (string, error) {
	if !b.config.on {
		return "", &secrets.Error{Op: "get", Kind: secrets.KindConfig, ID: key, Err: errors.ErrUnsupported}
	}
	text, _, err := b.get(ctx, secrets.KindConfig, key)
	return text, err
}

// GetVariables reads several variables, all from one version of a file.
func (b *Backend) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return many(ctx, b, secrets.KindVariable, keys, func(_, text, _ string) (string, error) { return text, nil })
}

// GetConnectionMap reads several connections, all from one version of a file. One that is malformed is absent from the
// map, and part of the error.
func (b *Backend) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return many(ctx, b, secrets.KindConnection, ids, connections)
}

func many[T any](ctx context.Context, b *Backend, kind secrets.Kind, ids []string, value func(id, text, name string) (T, error)) (map[string]T, error) {
	from, err := b.source(ctx)
	if err != nil {
		return nil, &secrets.Error{Op: "get", Kind: kind, Err: err}
	}
	found := make(map[string]T, len(ids))
	var failures []error
	for _, id := range ids {
		text, name, err := b.read(from, kind, id)
		var v T
		if err == nil {
			v, err = value(id, text, name)
		}
		switch {
		case err == nil:
			found[id] = v
		case secrets.ClassOf(err) != secrets.ErrNotFound:
			failures = append(failures, err)
		}
	}
	return found, errors.Join(failures...)
}

// get looks up the text of id, and tells under which name it is.
func (b *Backend) get(ctx context.Context, kind secrets.Kind, id string) (text, name string, err error) {
	from, err := b.source(ctx)
	if err != nil {
		return "", "", &secrets.Error{Op: "get", Kind: kind, ID: id, Err: err}
	}
	return b.read(from, kind, id)
}

// read looks up the text of id in one version of the source, and tells under which name it is.
func (b *Backend) read(from source, kind secrets.Kind, id string) (text, name string, err error) {
	p := b.prefix(kind)
	switch {
	case !p.on || id == "":
		return "", "", notFound(kind, id, "")
	case b.simple:
		text, name, err = readSimply(from, p, kind, id)
	default:
		text, name, err = b.readAny(from, p, kind, id)
	}
	if err == nil && !isUTF8(text) {
		err = &secrets.Error{Op: "get", Kind: kind, ID: id, StoreName: name, Err: fmt.Errorf("%w: the text is not UTF-8", secrets.ErrMalformed)}
		return "", "", err
	}
	return text, name, err
}

// readSimply is for where there is one name per id, which then is remembered.
func readSimply(from source, p *prefix, kind secrets.Kind, id string) (text, name string, err error) {
	name, known := p.ready.name(id)
	if !known {
		name = variable(p.text, id)
	}
	text, ok := from.lookup(name)
	if !ok || text == "" && kind == secrets.KindConnection {
		return "", "", notFound(kind, id, name)
	}
	if !known {
		p.ready.keep(id, name)
	}
	return text, name, nil
}

// readAny is for where there may be several: with a team, or with Options.Fallback.
func (b *Backend) readAny(from source, p *prefix, kind secrets.Kind, id string) (text, name string, err error) {
	if b.team != "" {
		if err := b.refuse(kind, id); err != nil {
			return "", "", err
		}
		if kind != secrets.KindConfig {
			// Airflow takes a blank variable of a team for none.
			if text, name, _ = b.find(from, p.text+b.team, id); text != "" {
				return text, name, nil
			}
		}
	}
	text, name, ok := b.find(from, p.text, id)
	if !ok || text == "" && kind == secrets.KindConnection {
		return "", "", notFound(kind, id, name)
	}
	return text, name, nil
}

// find asks for the exact name, and then for the one that shells allow if that is wanted.
func (b *Backend) find(from source, prefix, id string) (text, name string, ok bool) {
	name = variable(prefix, id)
	if text, ok = from.lookup(name); ok || !b.fallback {
		return text, name, ok
	}
	if plain := prefix + shellName(name[len(prefix):]); plain != name {
		if text, ok = from.lookup(plain); ok {
			return text, plain, true
		}
	}
	return "", name, false
}

// variable is the name of the variable for id.
func variable(prefix, id string) string {
	var scratch [128]byte
	return string(appendUpper(append(scratch[:0], prefix...), id))
}

func notFound(kind secrets.Kind, id, name string) error {
	return &secrets.Error{Op: "get", Kind: kind, ID: id, StoreName: name, Err: secrets.ErrNotFound}
}
