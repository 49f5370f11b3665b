package secrets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A Layer is one step of the search path.
type Layer struct {
	// Name is unique in its chain; it is shown in errors, events and results.
	Name string
	// Backend is what is asked.
	Backend Backend
	// ContinueOn lists the classes of failure that do not end the search here: ErrDenied, ErrUnavailable, ErrMalformed
	// or ErrClosed. Absence always goes on to the next layer.
	ContinueOn []error
	// Timeout bounds one call. Its expiry is ErrUnavailable, also if the backend does not obey its context; then the
	// call is left behind, and a write may be done all the same. Zero: the caller's deadline alone.
	Timeout time.Duration
	// Match reports whether the layer is to be asked for id at all. It must be quick and safe for concurrent use.
	// Nil: asked for everything.
	Match func(kind Kind, id string) bool
}

// layer is a Layer with its optional abilities found once.
type layer struct {
	Layer
	config ConfigGetter // nil: none
	namer  Namer        // nil: none
	origin origin       // of texts found here after nothing was found before
}

// newLayers checks the layers of a new chain.
func newLayers(layers []Layer) ([]layer, error) {
	if len(layers) == 0 {
		return nil, errors.New("chain needs at least one layer")
	}
	checked := make([]layer, 0, len(layers))
	for i, l := range layers {
		switch {
		case strings.TrimSpace(l.Name) == "":
			return nil, fmt.Errorf("layer %d has no name", i+1)
		case slices.ContainsFunc(checked, func(other layer) bool { return other.Name == l.Name }):
			return nil, fmt.Errorf("layer name %q is used twice", l.Name)
		case l.Backend == nil, isNil(l.Backend):
			return nil, fmt.Errorf("layer %q has no backend", l.Name)
		case l.Timeout < 0:
			return nil, fmt.Errorf("layer %q has a negative timeout", l.Name)
		}
		for _, class := range l.ContinueOn {
			switch class {
			case ErrDenied, ErrUnavailable, ErrMalformed, ErrClosed, ErrNotFound:
			default:
				return nil, fmt.Errorf("layer %q: ContinueOn holds an error that is no class: use ErrDenied, ErrUnavailable or ErrMalformed", l.Name)
			}
		}
		l.ContinueOn = slices.Clone(l.ContinueOn)
		ly := layer{Layer: l}
		ly.config, _ = l.Backend.(ConfigGetter)
		ly.namer, _ = l.Backend.(Namer)
		checked = append(checked, ly)
	}
	for i := range checked {
		checked[i].origin.layer = &checked[i]
	}
	return checked, nil
}

// isNil reports whether b is a nil pointer: what a constructor returned together with an error that nobody looked at.
func isNil(b Backend) bool {
	v := reflect.ValueOf(b)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// asked reports whether the layer has a say in a search: an unmatched one, and one without config, has none.
func (l *layer) asked(r request) bool {
	return (l.Match == nil || l.Match(r.kind, r.id)) && (r.kind != KindConfig || l.config != nil)
}

// goesOn reports whether a failure of class lets the search go on to the next layer.
func (l *layer) goesOn(class error) bool { return slices.Contains(l.ContinueOn, class) }

// found is what one layer holds under a name.
type found struct {
	conns []Connection // KindConnection, never empty
	text  string       // the others
}

// ask makes the one call of a search to this layer. The error is the backend's own, or ErrUnavailable for a backend
// that panicked or took longer than Timeout.
func (l *layer) ask(ctx context.Context, r request) (found, error) {
	if l.Timeout == 0 {
		return l.call(ctx, r)
	}
	return inTime(ctx, l.Timeout, func(ctx context.Context) (found, error) { return l.call(ctx, r) })
}

// inTime makes a call that timeout bounds, whether or not the backend obeys its context.
func inTime[T any](ctx context.Context, timeout time.Duration, call func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errLayerTimeout)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1) // buffered: a backend that answers too late finds nobody, and ends
	go func() {
		v, err := call(ctx)
		done <- result{v, err}
	}()
	var none T
	select {
	case res := <-done:
		if res.err == nil || context.Cause(ctx) != errLayerTimeout {
			return res.value, res.err
		}
	case <-ctx.Done():
		if context.Cause(ctx) != errLayerTimeout {
			return none, ctx.Err()
		}
	}
	return none, fmt.Errorf("%w: no answer within the layer's timeout of %v", ErrUnavailable, timeout)
}

var (
	errLayerTimeout = errors.New("layer timeout")
	errPanicked     = fmt.Errorf("%w: the backend panicked", ErrUnavailable)
)

// call turns a panic of the backend into an outage, without the panic's text, which may hold anything.
func (l *layer) call(ctx context.Context, r request) (f found, err error) {
	defer func() {
		if recover() != nil {
			f, err = found{}, errPanicked
		}
	}()
	switch r.kind {
	case KindConnection:
		f.conns, err = l.Backend.GetConnections(ctx, r.id)
		if err == nil && len(f.conns) == 0 {
			err = ErrNotFound
		}
		for i := range f.conns {
			f.conns[i].ID = r.id
		}
	case KindVariable:
		f.text, err = l.Backend.GetVariable(ctx, r.id)
	case KindConfig:
		f.text, err = l.config.GetConfig(ctx, r.id)
	}
	return f, err
}

// batches reports whether the layer can be asked for many names of a kind at once. A wrapper around something that
// cannot says so only when it is asked, with [errors.ErrUnsupported].
func (l *layer) batches(kind Kind) bool {
	_, ok := l.Backend.(Batcher)
	return ok && kind != KindConfig
}

// askMany is ask for many names at once.
func (l *layer) askMany(ctx context.Context, kind Kind, ids []string) (map[string]found, error) {
	if l.Timeout == 0 {
		return l.callMany(ctx, kind, ids)
	}
	return inTime(ctx, l.Timeout, func(ctx context.Context) (map[string]found, error) { return l.callMany(ctx, kind, ids) })
}

// callMany is call for many names at once. What it found is good even if there is an error.
func (l *layer) callMany(ctx context.Context, kind Kind, ids []string) (all map[string]found, err error) {
	defer func() {
		if recover() != nil {
			all, err = nil, errPanicked
		}
	}()
	all = make(map[string]found, len(ids))
	if kind == KindVariable {
		texts, err := l.Backend.(Batcher).GetVariables(ctx, ids)
		for id, text := range texts {
			all[id] = found{text: text}
		}
		return all, err
	}
	conns, err := l.Backend.(Batcher).GetConnectionMap(ctx, ids)
	for id, several := range conns {
		for i := range several {
			several[i].ID = id
		}
		if len(several) > 0 {
			all[id] = found{conns: several}
		}
	}
	return all, err
}

// storeName tells what the layer's store calls a name; "" where it cannot tell.
func (l *layer) storeName(r request) string {
	if l.namer == nil {
		return ""
	}
	name, _ := l.namer.StoreName(r.kind, r.id)
	return name
}
