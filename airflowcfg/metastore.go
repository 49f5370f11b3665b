package airflowcfg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/lazy"
)

var errCycle = errors.New("the custom backend is the metastore itself, which cannot be asked how to reach it")

// metastore opens the metastore, or one that opens itself at its first use where its options are kept in the custom
// backend: opening a chain does no network I/O. Nil without an error: a command printed nothing, so there is none.
func (o *opener) metastore(ctx context.Context) (secrets.Backend, error) {
	if o.backend.text == "" {
		return o.openMetastore(ctx, nil)
	}
	b, err := o.openMetastore(ctx, func(context.Context, string) (string, error) { return "", errDeferred })
	if !errors.Is(err, errDeferred) {
		return b, err
	}
	custom, err := o.customBackend(ctx)
	if err != nil {
		return nil, err
	}
	d := &deferred{}
	if !o.asks(stepCustom) {
		d.owned = custom
	}
	p := o.plan
	d.store = lazy.New(func(ctx context.Context) (secrets.Backend, error) {
		late := &opener{plan: p}
		b, err := late.openMetastore(ctx, getterOf(custom))
		if b == nil && err == nil {
			err = &Error{Option: optDatabase.String(), Err: fmt.Errorf("%w: the value is blank", secrets.ErrMalformed)}
		}
		return b, err
	})
	return d, nil
}

// customMetastore opens the metastore as the custom backend, which in Airflow takes no arguments.
func (o *opener) customMetastore(ctx context.Context) (secrets.Backend, error) {
	b, err := o.openMetastore(ctx, func(context.Context, string) (string, error) { return "", errCycle })
	if b == nil && err == nil {
		err = o.backend.fail(fmt.Errorf("%w: the custom backend is the metastore, and %s is not set", secrets.ErrMalformed, optDatabase))
	}
	return b, err
}

// openMetastore opens the metastore with the options as they resolve now; nil where there is none.
func (o *opener) openMetastore(ctx context.Context, ask getConfig) (secrets.Backend, error) {
	conn, err := o.resolve(ctx, optDatabase, ask)
	if err != nil {
		return nil, err
	}
	url := strings.TrimSpace(conn.text) // a command's output ends in a newline
	if url == "" {
		return nil, nil
	}
	key, err := o.resolve(ctx, optFernetKey, ask)
	if err != nil {
		return nil, err
	}
	withKey := map[string]string{"sql_alchemy_conn": url, "fernet_key": strings.TrimSpace(key.text)}
	if withKey["fernet_key"] == "" {
		delete(withKey, "fernet_key")
	}
	b, err := o.openStore(ctx, withKey)
	switch _, registered := backend.Lookup("metastore"); {
	case err == nil:
		return o.keep(b), nil
	case !registered:
		return nil, conn.fail(fmt.Errorf("%w: %w; a program that needs no metastore sets %s", secrets.ErrUnavailable, err, optOrder.variable()))
	}
	if b, withoutKey := o.openStore(ctx, map[string]string{"sql_alchemy_conn": url}); withoutKey == nil { // then the key is at fault
		closeBackend(b)
		return nil, key.fail(classed(err))
	}
	return nil, conn.fail(classed(err))
}

func (o *opener) openStore(ctx context.Context, kwargs map[string]string) (secrets.Backend, error) {
	text, _ := json.Marshal(kwargs) // strings can always be written
	return o.openDriver(ctx, "metastore", text)
}

// asks reports whether the search path has a step.
func (p *plan) asks(name string) bool {
	for _, s := range p.steps {
		if s.name == name && !s.skipped {
			return true
		}
	}
	return false
}

// getterOf is how _secret options are asked of a backend. One without configuration values has none.
func getterOf(b secrets.Backend) getConfig {
	if g, ok := b.(secrets.ConfigGetter); ok {
		return g.GetConfig
	}
	return func(context.Context, string) (string, error) { return "", secrets.ErrNotFound }
}
