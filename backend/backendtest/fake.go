package backendtest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/secretchain/secrets"
)

// Fake is a store in memory with every ability, for the tests of programs that look secrets up. It can be made to fail
// and to stall, and counts its calls. Safe for concurrent use; make it with [NewFake].
type Fake struct {
	mu      sync.RWMutex
	content func() *Content // behind a func, which no printer and no dumper opens
	failure error
	stalled bool
	closed  bool
	calls   atomic.Int64
}

var (
	_ secrets.Backend      = (*Fake)(nil)
	_ secrets.ConfigGetter = (*Fake)(nil)
	_ secrets.Batcher      = (*Fake)(nil)
	_ secrets.Lister       = (*Fake)(nil)
	_ secrets.Checker      = (*Fake)(nil)
	_ secrets.Namer        = (*Fake)(nil)
	_ secrets.Writer       = (*Fake)(nil)
)

// NewFake returns a store that holds a copy of content.
func NewFake(content Content) *Fake {
	own := &Content{Connections: map[string][]string{}, Variables: map[string]string{}, Config: map[string]string{}}
	for id, texts := range content.Connections {
		own.Connections[id] = slices.Clone(texts)
	}
	maps.Copy(own.Variables, content.Variables)
	maps.Copy(own.Config, content.Config)
	return &Fake{content: func() *Content { return own }}
}

// Fail makes every later call fail with err, which should wrap a class such as [secrets.ErrUnavailable]; nil mends it.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
}

// Stall makes every later call wait for the end of its context, until Stall(false).
func (f *Fake) Stall(stalled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stalled = stalled
}

// Calls returns how many calls the store has had; a batch is one.
func (f *Fake) Calls() int { return int(f.calls.Load()) }

// Format prints the type alone, whatever the verb.
func (f *Fake) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "backendtest.Fake") }

// enter begins a call: it counts it, and fails it as told.
func (f *Fake) enter(ctx context.Context, op string, kind secrets.Kind, id string) error {
	f.calls.Add(1)
	f.mu.RLock()
	failure, stalled, closed := f.failure, f.stalled, f.closed
	f.mu.RUnlock()
	if stalled {
		<-ctx.Done()
	}
	switch {
	case ctx.Err() != nil:
		failure = ctx.Err()
	case closed:
		failure = secrets.ErrClosed
	}
	if failure == nil {
		return nil
	}
	return &secrets.Error{Op: op, Kind: kind, ID: id, Err: failure}
}

func absent(op string, kind secrets.Kind, id string) error {
	return &secrets.Error{Op: op, Kind: kind, ID: id, Err: secrets.ErrNotFound}
}

// GetConnections implements [secrets.Backend].
func (f *Fake) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	if err := f.enter(ctx, "get", secrets.KindConnection, id); err != nil {
		return nil, err
	}
	return f.stored(id)
}

func (f *Fake) stored(id string) ([]secrets.Connection, error) {
	f.mu.RLock()
	texts := f.content().Connections[id]
	f.mu.RUnlock()
	var conns []secrets.Connection
	for _, text := range texts {
		parsed, err := secrets.ConnectionsFromText(id, text)
		if err != nil {
			return nil, err
		}
		conns = append(conns, parsed...)
	}
	if len(conns) == 0 {
		return nil, absent("get", secrets.KindConnection, id)
	}
	return conns, nil
}

// GetConnURI implements [secrets.Backend].
func (f *Fake) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, f.GetConnections)
}

// GetVariable implements [secrets.Backend].
func (f *Fake) GetVariable(ctx context.Context, key string) (string, error) {
	return f.text(ctx, secrets.KindVariable, key, f.content().Variables)
}

// GetConfig implements [secrets.ConfigGetter].
func (f *Fake) GetConfig(ctx context.Context, key string) (string, error) {
	return f.text(ctx, secrets.KindConfig, key, f.content().Config)
}

func (f *Fake) text(ctx context.Context, kind secrets.Kind, key string, texts map[string]string) (string, error) {
	if err := f.enter(ctx, "get", kind, key); err != nil {
		return "", err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	text, ok := texts[key]
	if !ok {
		return "", absent("get", kind, key)
	}
	return text, nil
}

// GetVariables implements [secrets.Batcher].
func (f *Fake) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	if err := f.enter(ctx, "get", secrets.KindVariable, ""); err != nil {
		return nil, err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	found := map[string]string{}
	for _, key := range keys {
		if text, ok := f.content().Variables[key]; ok {
			found[key] = text
		}
	}
	return found, nil
}

// GetConnectionMap implements [secrets.Batcher].
func (f *Fake) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	if err := f.enter(ctx, "get", secrets.KindConnection, ""); err != nil {
		return nil, err
	}
	found := map[string][]secrets.Connection{}
	var failed error
	for _, id := range ids {
		conns, err := f.stored(id)
		switch {
		case err == nil:
			found[id] = conns
		case secrets.ClassOf(err) != secrets.ErrNotFound:
			failed = err
		}
	}
	return found, failed
}

// List implements [secrets.Lister].
func (f *Fake) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	if err := f.enter(ctx, "list", kind, ""); err != nil {
		return nil, err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	switch kind {
	case secrets.KindConnection:
		return slices.Sorted(maps.Keys(f.content().Connections)), nil
	case secrets.KindVariable:
		return slices.Sorted(maps.Keys(f.content().Variables)), nil
	}
	return slices.Sorted(maps.Keys(f.content().Config)), nil
}

// Check implements [secrets.Checker].
func (f *Fake) Check(ctx context.Context) error { return f.enter(ctx, "check", 0, "") }

// StoreName implements [secrets.Namer]: the name is the id.
func (f *Fake) StoreName(_ secrets.Kind, id string) (string, bool) { return id, id != "" }

// SetConnection implements [secrets.Writer].
func (f *Fake) SetConnection(ctx context.Context, c secrets.Connection) error {
	if err := f.enter(ctx, "set", secrets.KindConnection, c.ID); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return &secrets.Error{Op: "set", Kind: secrets.KindConnection, ID: c.ID, Err: err}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content().Connections[c.ID] = []string{c.JSON().Reveal()}
	return nil
}

// DeleteConnection implements [secrets.Writer].
func (f *Fake) DeleteConnection(ctx context.Context, id string) error {
	if err := f.enter(ctx, "delete", secrets.KindConnection, id); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.content().Connections[id]; !ok {
		return absent("delete", secrets.KindConnection, id)
	}
	delete(f.content().Connections, id)
	return nil
}

// SetVariable implements [secrets.Writer].
func (f *Fake) SetVariable(ctx context.Context, key, value string) error {
	if err := f.enter(ctx, "set", secrets.KindVariable, key); err != nil {
		return err
	}
	if key == "" {
		return &secrets.Error{Op: "set", Kind: secrets.KindVariable, Err: secrets.ErrMalformed}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content().Variables[key] = value
	return nil
}

// DeleteVariable implements [secrets.Writer].
func (f *Fake) DeleteVariable(ctx context.Context, key string) error {
	if err := f.enter(ctx, "delete", secrets.KindVariable, key); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.content().Variables[key]; !ok {
		return absent("delete", secrets.KindVariable, key)
	}
	delete(f.content().Variables, key)
	return nil
}

// Close makes every later call fail with [secrets.ErrClosed].
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}
