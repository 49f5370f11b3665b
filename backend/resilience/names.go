package resilience

import (
	"context"
	"slices"

	"github.com/secretchain/secrets"
)

// Rename asks b for other names than the caller does: to tells the name to ask for, and false where there is none, which
// is then not found without a call. From, the way back, lets what b lists be listed; nil: nothing can be listed. Both
// must be quick and safe for concurrent use.
func Rename(b secrets.Backend, to, from func(kind secrets.Kind, id string) (string, bool)) secrets.Backend {
	r := &renamed{to: to, from: from}
	r.wrapped = wrapped{name: "Rename", inner: given("Rename", b), guard: func(ctx context.Context, c call) error { return c.do(ctx) }}
	return r
}

// Only asks b for the names that match, and answers not found for all others, without a call; see [Except]. A chain's
// Layer.Match does the same for one layer, without this.
func Only(b secrets.Backend, match func(kind secrets.Kind, id string) bool) secrets.Backend {
	same := func(kind secrets.Kind, id string) (string, bool) { return id, match(kind, id) }
	return Rename(b, same, same)
}

// Except asks b for the names that do not match.
func Except(b secrets.Backend, match func(kind secrets.Kind, id string) bool) secrets.Backend {
	return Only(b, func(kind secrets.Kind, id string) bool { return !match(kind, id) })
}

// renamed overrides what has to do with names, and leaves the rest to wrapped.
type renamed struct {
	wrapped
	to, from func(kind secrets.Kind, id string) (string, bool)
}

func absent(op string, kind secrets.Kind, id string) error {
	return &secrets.Error{Op: op, Kind: kind, ID: id, Err: secrets.ErrNotFound}
}

// under runs do with the inner name, and makes its error one of the outer name.
func under[T any](r *renamed, op string, kind secrets.Kind, id string, do func(name string) (T, error)) (T, error) {
	var zero T
	name, ok := r.to(kind, id)
	if !ok {
		return zero, absent(op, kind, id)
	}
	v, err := do(name)
	if err == nil || name == id {
		return v, err
	}
	storeName := name
	if e, ok := err.(*secrets.Error); ok && e.ID == name { // said under the outer name instead; no error around it is lost
		if e.StoreName != "" {
			storeName = e.StoreName
		}
		err = e.Err
	}
	return zero, &secrets.Error{Op: op, Kind: kind, ID: id, StoreName: storeName, Err: err}
}

func (r *renamed) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return under(r, "get", secrets.KindConnection, id, func(name string) ([]secrets.Connection, error) {
		conns, err := r.wrapped.GetConnections(ctx, name)
		return called(id, conns), err
	})
}

// called returns connections under another id. The backend may share its own with other callers.
func called(id string, conns []secrets.Connection) []secrets.Connection {
	own := slices.Clone(conns)
	for i := range own {
		own[i].ID = id
	}
	return own
}

func (r *renamed) GetConnURI(ctx context.Context, id string) (string, error) {
	return under(r, "get", secrets.KindConnection, id, func(name string) (string, error) { return r.wrapped.GetConnURI(ctx, name) })
}

func (r *renamed) GetVariable(ctx context.Context, key string) (string, error) {
	return under(r, "get", secrets.KindVariable, key, func(name string) (string, error) { return r.wrapped.GetVariable(ctx, name) })
}

func (r *renamed) GetConfig(ctx context.Context, key string) (string, error) {
	if _, ok := r.inner.(secrets.ConfigGetter); !ok {
		return "", unsupported("get", secrets.KindConfig, key)
	}
	return under(r, "get", secrets.KindConfig, key, func(name string) (string, error) { return r.wrapped.GetConfig(ctx, name) })
}

// many asks for the inner names of ids, and puts what is found under the outer ones, of which several may share one.
func many[T any](r *renamed, kind secrets.Kind, ids []string, do func(names []string) (map[string]T, error), own func(id string, v T) T) (map[string]T, error) {
	var names []string
	outer := map[string][]string{}
	for _, id := range ids {
		if name, ok := r.to(kind, id); ok {
			if outer[name] == nil {
				names = append(names, name)
			}
			outer[name] = append(outer[name], id)
		}
	}
	found, err := do(names)
	result := make(map[string]T, len(found))
	for name, v := range found {
		for _, id := range outer[name] {
			result[id] = own(id, v)
		}
	}
	return result, err
}

func (r *renamed) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return many(r, secrets.KindVariable, keys, func(names []string) (map[string]string, error) { return r.wrapped.GetVariables(ctx, names) },
		func(_, text string) string { return text })
}

func (r *renamed) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return many(r, secrets.KindConnection, ids, func(names []string) (map[string][]secrets.Connection, error) {
		return r.wrapped.GetConnectionMap(ctx, names)
	}, called)
}

func (r *renamed) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	if r.from == nil {
		return nil, unsupported("list", kind, "")
	}
	names, err := r.wrapped.List(ctx, kind)
	var ids []string
	for _, name := range names {
		if id, ok := r.from(kind, name); ok {
			ids = append(ids, id)
		}
	}
	return ids, err
}

func (r *renamed) StoreName(kind secrets.Kind, id string) (string, bool) {
	name, ok := r.to(kind, id)
	if !ok {
		return "", false
	}
	return r.wrapped.StoreName(kind, name)
}

func (r *renamed) SetConnection(ctx context.Context, c secrets.Connection) error {
	return r.rewrite("set", secrets.KindConnection, c.ID, func(name string) error {
		c.ID = name
		return r.wrapped.SetConnection(ctx, c)
	})
}

func (r *renamed) DeleteConnection(ctx context.Context, id string) error {
	return r.rewrite("delete", secrets.KindConnection, id, func(name string) error { return r.wrapped.DeleteConnection(ctx, name) })
}

func (r *renamed) SetVariable(ctx context.Context, key, value string) error {
	return r.rewrite("set", secrets.KindVariable, key, func(name string) error { return r.wrapped.SetVariable(ctx, name, value) })
}

func (r *renamed) DeleteVariable(ctx context.Context, key string) error {
	return r.rewrite("delete", secrets.KindVariable, key, func(name string) error { return r.wrapped.DeleteVariable(ctx, name) })
}

// rewrite is under for writes. A name that leads nowhere cannot be written: errors.ErrUnsupported, so that a chain goes
// on to the next layer that can.
func (r *renamed) rewrite(op string, kind secrets.Kind, id string, do func(name string) error) error {
	if _, ok := r.inner.(secrets.Writer); !ok {
		return unsupported(op, kind, id)
	}
	if _, ok := r.to(kind, id); !ok && op == "set" && id != "" {
		return unsupported(op, kind, id)
	}
	if id == "" { // for the backend to refuse
		return do(id)
	}
	_, err := under(r, op, kind, id, func(name string) (struct{}, error) { return struct{}{}, do(name) })
	return err
}
