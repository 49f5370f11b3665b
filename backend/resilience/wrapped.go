package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/secretchain/secrets"
)

// call is one call on its way to the wrapped backend: do runs it, and may be run more than once if it only reads.
type call struct {
	op    string
	kind  secrets.Kind // zero: no single kind
	id    string
	write bool
	do    func(ctx context.Context) error
}

// fail makes the wrapper's own error of a call.
func (c call) fail(format string, args ...any) error {
	return &secrets.Error{Op: c.op, Kind: c.kind, ID: c.id, Err: fmt.Errorf("%w: "+format, append([]any{secrets.ErrUnavailable}, args...)...)}
}

// unsupported is the error of what the backend cannot do, or the wrapper not for this name.
func unsupported(op string, kind secrets.Kind, id string) error {
	return &secrets.Error{Op: op, Kind: kind, ID: id, Err: errors.ErrUnsupported}
}

// wrapped is a backend whose every call goes through guard. Abilities that the backend lacks are answered before.
type wrapped struct {
	name  string
	inner secrets.Backend
	guard func(ctx context.Context, c call) error
}

var (
	_ secrets.Backend      = (*wrapped)(nil)
	_ secrets.ConfigGetter = (*wrapped)(nil)
	_ secrets.Batcher      = (*wrapped)(nil)
	_ secrets.Lister       = (*wrapped)(nil)
	_ secrets.Checker      = (*wrapped)(nil)
	_ secrets.Namer        = (*wrapped)(nil)
	_ secrets.Writer       = (*wrapped)(nil)
	_ io.Closer            = (*wrapped)(nil)
)

// through runs a call that has a result.
func through[T any](ctx context.Context, w *wrapped, c call, do func(ctx context.Context) (T, error)) (T, error) {
	var result, zero T
	c.do = func(ctx context.Context) (err error) {
		result, err = do(ctx)
		return err
	}
	if err := w.guard(ctx, c); err != nil {
		return zero, err
	}
	return result, nil
}

func (w *wrapped) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return through(ctx, w, call{op: "get", kind: secrets.KindConnection, id: id}, func(ctx context.Context) ([]secrets.Connection, error) {
		return w.inner.GetConnections(ctx, id)
	})
}

func (w *wrapped) GetConnURI(ctx context.Context, id string) (string, error) {
	return through(ctx, w, call{op: "get", kind: secrets.KindConnection, id: id}, func(ctx context.Context) (string, error) {
		return w.inner.GetConnURI(ctx, id)
	})
}

func (w *wrapped) GetVariable(ctx context.Context, key string) (string, error) {
	return through(ctx, w, call{op: "get", kind: secrets.KindVariable, id: key}, func(ctx context.Context) (string, error) {
		return w.inner.GetVariable(ctx, key)
	})
}

func (w *wrapped) GetConfig(ctx context.Context, key string) (string, error) {
	g, ok := w.inner.(secrets.ConfigGetter)
	if !ok {
		return "", unsupported("get", secrets.KindConfig, key)
	}
	return through(ctx, w, call{op: "get", kind: secrets.KindConfig, id: key}, func(ctx context.Context) (string, error) {
		return g.GetConfig(ctx, key)
	})
}

// A batch keeps what was found before an error, so its result is not dropped with the error.

func (w *wrapped) GetVariables(ctx context.Context, keys []string) (found map[string]string, err error) {
	b, ok := w.inner.(secrets.Batcher)
	if !ok {
		return nil, unsupported("get", secrets.KindVariable, "")
	}
	err = w.guard(ctx, call{op: "get", kind: secrets.KindVariable, do: func(ctx context.Context) (err error) {
		found, err = b.GetVariables(ctx, keys)
		return err
	}})
	return found, err
}

func (w *wrapped) GetConnectionMap(ctx context.Context, ids []string) (found map[string][]secrets.Connection, err error) {
	b, ok := w.inner.(secrets.Batcher)
	if !ok {
		return nil, unsupported("get", secrets.KindConnection, "")
	}
	err = w.guard(ctx, call{op: "get", kind: secrets.KindConnection, do: func(ctx context.Context) (err error) {
		found, err = b.GetConnectionMap(ctx, ids)
		return err
	}})
	return found, err
}

func (w *wrapped) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	l, ok := w.inner.(secrets.Lister)
	if !ok {
		return nil, unsupported("list", kind, "")
	}
	return through(ctx, w, call{op: "list", kind: kind}, func(ctx context.Context) ([]string, error) { return l.List(ctx, kind) })
}

func (w *wrapped) Check(ctx context.Context) error {
	c, ok := w.inner.(secrets.Checker)
	if !ok {
		return unsupported("check", 0, "")
	}
	return w.guard(ctx, call{op: "check", do: c.Check})
}

func (w *wrapped) StoreName(kind secrets.Kind, id string) (string, bool) {
	if n, ok := w.inner.(secrets.Namer); ok {
		return n.StoreName(kind, id)
	}
	return "", false
}

func (w *wrapped) write(ctx context.Context, op string, kind secrets.Kind, id string, do func(context.Context, secrets.Writer) error) error {
	writer, ok := w.inner.(secrets.Writer)
	if !ok {
		return unsupported(op, kind, id)
	}
	return w.guard(ctx, call{op: op, kind: kind, id: id, write: true, do: func(ctx context.Context) error { return do(ctx, writer) }})
}

func (w *wrapped) SetConnection(ctx context.Context, c secrets.Connection) error {
	return w.write(ctx, "set", secrets.KindConnection, c.ID, func(ctx context.Context, to secrets.Writer) error { return to.SetConnection(ctx, c) })
}

func (w *wrapped) DeleteConnection(ctx context.Context, id string) error {
	return w.write(ctx, "delete", secrets.KindConnection, id, func(ctx context.Context, to secrets.Writer) error { return to.DeleteConnection(ctx, id) })
}

func (w *wrapped) SetVariable(ctx context.Context, key, value string) error {
	return w.write(ctx, "set", secrets.KindVariable, key, func(ctx context.Context, to secrets.Writer) error { return to.SetVariable(ctx, key, value) })
}

func (w *wrapped) DeleteVariable(ctx context.Context, key string) error {
	return w.write(ctx, "delete", secrets.KindVariable, key, func(ctx context.Context, to secrets.Writer) error { return to.DeleteVariable(ctx, key) })
}

func (w *wrapped) Close() error {
	if c, ok := w.inner.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Format prints what the wrapper is, and not what it wraps.
func (w *wrapped) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "resilience."+w.name) }
