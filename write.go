package secrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// ErrShadowed is why RefuseShadowedWrites refused: an earlier layer holds the name, so that no read would see the write.
var ErrShadowed = errors.New("shadowed by an earlier layer")

// Written tells where a write went.
type Written struct {
	Layer string // the layer that was written to; "" if the write failed or was refused
	// ShadowedBy names an earlier layer that also holds the name: the write is done, and every read still sees that
	// layer. "": none does, as far as the earlier layers could be asked.
	ShadowedBy string
}

// SetVariable stores value under key in the first layer that is a [Writer].
//
// Errors: [errors.ErrUnsupported] if no layer is one; [ErrShadowed] under RefuseShadowedWrites; those of the backend,
// told with its layer, ErrUnavailable also if the layer's Timeout is over: the write may then have been done.
func (c *Chain) SetVariable(ctx context.Context, key, value string) (Written, error) {
	return c.write(ctx, "set", request{KindVariable, key}, func(ctx context.Context, w Writer) error { return w.SetVariable(ctx, key, value) })
}

// DeleteVariable deletes key from the first layer that is a [Writer]; [ErrNotFound] if that layer does not hold it.
// A deletion is never refused for being shadowed.
func (c *Chain) DeleteVariable(ctx context.Context, key string) (Written, error) {
	return c.write(ctx, "delete", request{KindVariable, key}, func(ctx context.Context, w Writer) error { return w.DeleteVariable(ctx, key) })
}

// SetConnection stores conn under its ID in the first layer that is a [Writer], in place of all that is stored there.
// It fails with [ErrMalformed] if conn is not valid; see [Connection.Validate].
func (c *Chain) SetConnection(ctx context.Context, conn Connection) (Written, error) {
	if err := conn.Validate(); err != nil {
		return Written{}, &Error{Op: "set", Kind: KindConnection, ID: conn.ID, Err: err}
	}
	return c.write(ctx, "set", request{KindConnection, conn.ID}, func(ctx context.Context, w Writer) error { return w.SetConnection(ctx, conn) })
}

// DeleteConnection deletes every connection stored under id in the first layer that is a [Writer]; [ErrNotFound] if
// there is none. A deletion is never refused for being shadowed.
func (c *Chain) DeleteConnection(ctx context.Context, id string) (Written, error) {
	return c.write(ctx, "delete", request{KindConnection, id}, func(ctx context.Context, w Writer) error { return w.DeleteConnection(ctx, id) })
}

func (c *Chain) write(ctx context.Context, op string, r request, do func(context.Context, Writer) error) (Written, error) {
	fail := func(err error) (Written, error) {
		return Written{}, &Error{Op: op, Kind: r.kind, ID: r.id, Err: err}
	}
	switch {
	case c.closed():
		return fail(ErrClosed)
	case r.id == "":
		return fail(fmt.Errorf("%w: the name is blank", ErrMalformed))
	}
	s := shadow{chain: c, request: r}
	for i := range c.layers {
		l := &c.layers[i]
		w, ok := l.Backend.(Writer)
		if !ok || l.Match != nil && !l.Match(r.kind, r.id) {
			continue
		}
		s.look(ctx, c.layers[:i])
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		if c.refuseShadow && op == "set" {
			if s.failed != nil {
				return fail(fmt.Errorf("cannot tell whether the write would be shadowed, so it is refused: %w", s.failed))
			}
			if s.layer != "" {
				return Written{ShadowedBy: s.layer}, &Error{Op: op, Kind: r.kind, ID: r.id,
					Err: fmt.Errorf("%w: %s; remove the name there first", ErrShadowed, s.layer)}
			}
		}
		err := c.guarded(ctx, l, Call{Layer: l.Name, Kind: r.kind, ID: r.id}, func(ctx context.Context) error {
			defer c.forget(r) // a write may end when nobody waits for it any more
			return do(ctx, w)
		})
		if errors.Is(err, errors.ErrUnsupported) {
			continue // a wrapper around something that cannot write
		}
		c.forget(r) // also after a failure: the write may have been done
		if err != nil {
			return Written{}, l.failed(ctx, op, r, err)
		}
		if s.layer != "" && c.logger != nil {
			c.logger.LogAttrs(ctx, slog.LevelWarn, "secrets: the write is done, but reads still see an earlier layer; remove the name there",
				slog.String("kind", r.kind.String()), slog.String("id", r.id), slog.String("written", l.Name), slog.String("shadowed_by", s.layer))
		}
		return Written{Layer: l.Name, ShadowedBy: s.layer}, nil
	}
	return fail(fmt.Errorf("no layer can be written to: %w", errors.ErrUnsupported))
}

// shadow looks for a layer before the written one that holds the name.
type shadow struct {
	chain   *Chain
	request request
	asked   int    // how many layers were looked at
	layer   string // the first that holds the name
	failed  error  // the first failure before that
}

// look goes on to the end of earlier, or to the first layer that holds the name. A layer that fails is logged and passed
// over (specification, lookup §4.1).
func (s *shadow) look(ctx context.Context, earlier []layer) {
	c, r := s.chain, s.request
	for ; s.asked < len(earlier) && s.layer == "" && ctx.Err() == nil; s.asked++ {
		l := &earlier[s.asked]
		if !l.asked(r) {
			continue
		}
		_, err := c.observed(ctx, l, r)
		c.count(ctx, err)
		switch {
		case err == nil:
			s.layer = l.Name
			continue
		case ctx.Err() != nil, ClassOf(err) == ErrNotFound:
			continue
		case s.failed == nil:
			s.failed = l.failed(ctx, "get", r, err)
		}
		if c.logger != nil {
			c.logger.LogAttrs(ctx, slog.LevelWarn, "secrets: a layer could not be asked whether it shadows the write",
				slog.String("layer", l.Name), slog.String("kind", r.kind.String()), slog.String("id", r.id), slog.Any("error", err))
		}
	}
}
