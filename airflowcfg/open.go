package airflowcfg

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// opener opens what a plan asks for.
type opener struct {
	*plan
	opened []secrets.Backend
	custom secrets.Backend // nil: not opened yet
}

// open opens what the plan asks for. Nothing stays open if it fails.
func (p *plan) open(ctx context.Context) (*secrets.Chain, error) {
	o := &opener{plan: p}
	chain, err := o.build(ctx)
	if err != nil {
		for _, b := range o.opened {
			closeBackend(b)
		}
		return nil, err
	}
	return chain, nil
}

func (o *opener) build(ctx context.Context) (*secrets.Chain, error) {
	var layers []secrets.Layer
	for _, s := range o.steps {
		if s.skipped {
			continue
		}
		var b secrets.Backend
		var err error
		switch s.name {
		case stepCustom:
			b, err = o.customBackend(ctx)
		case stepEnvironment:
			b, err = o.environment(ctx)
		default:
			b, err = o.metastore(ctx)
		}
		if err != nil {
			return nil, err
		}
		if b != nil {
			layers = append(layers, secrets.Layer{Name: s.layer, Backend: b})
		}
	}
	if len(layers) == 0 {
		return nil, o.order.fail(fmt.Errorf("%w: none of the backends it names is configured", secrets.ErrMalformed))
	}
	chain, err := secrets.NewChain(layers, &o.chain)
	if err != nil {
		return nil, &Error{Err: malformed(err)}
	}
	return chain, nil
}

func (o *opener) keep(b secrets.Backend) secrets.Backend {
	o.opened = append(o.opened, b)
	return b
}

// customBackend opens the custom backend, once: in the search path and for _secret options it is the same.
func (o *opener) customBackend(ctx context.Context) (secrets.Backend, error) {
	if o.custom != nil {
		return o.custom, nil
	}
	v, err := o.resolve(ctx, o.kwargs, nil)
	if err != nil {
		return nil, err
	}
	args, variables, err := o.arguments(ctx)
	if err != nil {
		return nil, err
	}
	driver, registered := backend.Lookup(o.backend.text)
	if given := strings.TrimSpace(v.text); driver.Name == "metastore" && len(args) == 0 && (given == "" || given == "{}") {
		o.custom, err = o.customMetastore(ctx)
		return o.custom, err
	}
	kwargs, err := backend.OverrideKwargs(json.RawMessage(v.text), args)
	if err != nil {
		return nil, v.fail(malformed(err))
	}
	b, err := o.openDriver(ctx, o.backend.text, kwargs)
	switch {
	case !registered:
		return nil, o.backend.fail(classed(err))
	case err != nil && len(variables) > 0:
		return nil, v.fail(fmt.Errorf("%w (arguments are also set by %s)", classed(err), strings.Join(variables, ", ")))
	case err != nil:
		return nil, v.fail(classed(err))
	}
	o.custom = o.keep(o.withLookup(b))
	return o.custom, nil
}

// openDriver opens a backend whose warnings go where the chain's go.
func (o *opener) openDriver(ctx context.Context, name string, kwargs json.RawMessage) (secrets.Backend, error) {
	return backend.OpenLogged(ctx, name, kwargs, o.chain.Logger)
}

// environment opens the layer of environment variables.
func (o *opener) environment(ctx context.Context) (secrets.Backend, error) {
	b, err := o.openDriver(ctx, "env", nil)
	if err != nil {
		return nil, &Error{Option: stepEnvironment, Err: classed(err)}
	}
	return o.keep(o.withLookup(b)), nil
}

// withLookup makes a backend that reads environment variables read those of Options.Environ.
func (o *opener) withLookup(b secrets.Backend) secrets.Backend {
	type lookuper interface {
		WithLookup(func(string) (string, bool)) secrets.Backend
	}
	if e, ok := b.(lookuper); ok && o.env.own {
		return e.WithLookup(o.env.lookup)
	}
	return b
}

func closeBackend(b secrets.Backend) {
	if closer, ok := b.(io.Closer); ok {
		_ = closer.Close()
	}
}
