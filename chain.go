package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/secretchain/secrets/internal/cache"
)

// Options is what a chain may be given besides its layers. Nil is valid, and so is every zero field.
type Options struct {
	// FallThrough makes every layer continue on every failure, as Airflow 2 and 3 do.
	// False: a failure other than absence ends the search, unless the layer's ContinueOn names its class.
	FallThrough bool
	// Cache keeps what was found. Nil: no cache.
	Cache *CacheOptions
	// Pick is GetConnection's choice among several connections under one id; it must not keep or change the slice.
	// Nil: the first. PickRandom: as Airflow 1.10.
	Pick func([]Connection) Connection
	// RefuseShadowedWrites makes SetConnection and SetVariable write nothing, and fail with ErrShadowed, where an earlier
	// layer holds the name; where one cannot be asked, with the class of that failure.
	RefuseShadowedWrites bool
	// Logger is told of failures that the search passes over and of shadowed writes. Nil: silent.
	Logger *slog.Logger
	// Observer sees every backend call. Nil: none.
	Observer Observer
	// Masker is told every secret that is read. Nil: none.
	Masker Masker
}

// A Chain looks names up in its layers, in order; the first layer that holds a name wins, and values are never merged.
// It is a [Backend] and a [ConfigGetter] itself, so chains nest. Make one with [NewChain]; all methods are safe for
// concurrent use.
//
// Absence goes to the next layer. Any other failure ends the search, unless ContinueOn of the layer names its class (or
// Options.FallThrough is set): the error is then a [LookupError]. A caller's ended context ends the search with the
// context's error, which is nobody's failure. Results are values: nothing a caller does to one changes another's.
//
// With Options.Cache, what is found is kept for a while: see [CacheOptions]. A cached read of GetVariable or GetConnection
// takes no lock and allocates nothing.
//
// Concurrent lookups of one key make one backend call, which goes on while anybody waits for it: one caller's
// cancellation fails nobody else.
type Chain struct {
	layers       []layer
	fallThrough  bool
	refuseShadow bool
	pick         func([]Connection) Connection
	logger       *slog.Logger
	observer     Observer
	masker       Masker

	flights [KindConfig + 1]*cache.Flight[string, answer] // by kind
	caches  [KindConfig + 1]*cache.Cache[answer]          // by kind, in place of the flights; nil: no cache

	prefetches *cache.Flight[*prefetch, struct{}] // one load per call of Prefetch; nil: no cache
	stats      counters
	close      sync.Once
	ended      atomic.Bool
}

var (
	_ Backend      = (*Chain)(nil)
	_ ConfigGetter = (*Chain)(nil)
	_ Checker      = (*Chain)(nil)
	_ io.Closer    = (*Chain)(nil)
)

// NewChain returns a chain over layers, which it copies. It does no I/O. It fails with [ErrMalformed] for a chain without
// layers; for a layer without a name or a backend, with a name used twice, a negative Timeout, or a ContinueOn that is no
// class; and for [CacheOptions] that cannot be used.
func NewChain(layers []Layer, opts *Options) (*Chain, error) {
	checked, err := newLayers(layers)
	if err != nil {
		return nil, refused{err}
	}
	if opts == nil {
		opts = &Options{}
	}
	c := &Chain{
		layers:       checked,
		fallThrough:  opts.FallThrough,
		refuseShadow: opts.RefuseShadowedWrites,
		pick:         opts.Pick,
		logger:       opts.Logger,
		observer:     opts.Observer,
		masker:       opts.Masker,
	}
	if opts.Cache != nil {
		if err := opts.Cache.check(); err != nil {
			return nil, refused{err}
		}
		c.newCaches(opts.Cache)
		return c, nil
	}
	for kind := KindConnection; kind <= KindConfig; kind++ {
		c.flights[kind] = cache.NewFlight(c.searchFor(kind))
	}
	return c, nil
}

// refused is why no chain can be made.
type refused struct{ reason error }

func (r refused) Error() string   { return "secrets: " + r.reason.Error() }
func (r refused) Unwrap() []error { return []error{r.reason, ErrMalformed} }

// GetConnection returns the connection stored under id in the first layer that has it. Where that layer has several,
// it returns the one that Options.Pick chooses.
//
// Errors: a [LookupError] with the class of what went wrong, [ErrNotFound] if every layer that was asked said so; the
// context's error; [ErrClosed].
func (c *Chain) GetConnection(ctx context.Context, id string) (Connection, error) {
	if a, ok := c.caches[KindConnection].Find(id); ok && ctx.Err() == nil {
		if c.pick == nil {
			return a.origin.conns[0], nil
		}
		return c.choose(a.origin.conns), nil
	}
	a, err := c.find(ctx, request{KindConnection, id})
	if err != nil {
		return Connection{}, err
	}
	return c.choose(a.origin.conns), nil
}

// GetConnections returns every connection stored under id in the first layer that has any, in stored order.
// The slice belongs to the caller. Errors are those of GetConnection.
func (c *Chain) GetConnections(ctx context.Context, id string) ([]Connection, error) {
	a, err := c.find(ctx, request{KindConnection, id})
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.origin.conns), nil // others may have the same answer
}

// GetConnURI returns the URI form of the first connection stored under id. The text holds its password.
// Errors are those of GetConnection.
func (c *Chain) GetConnURI(ctx context.Context, id string) (string, error) {
	a, err := c.find(ctx, request{KindConnection, id})
	if err != nil {
		return "", err
	}
	return a.origin.conns[0].URI().Reveal(), nil
}

// GetVariable returns the text stored under key in the first layer that has it, byte for byte; "" is a value.
// Errors are those of GetConnection.
func (c *Chain) GetVariable(ctx context.Context, key string) (string, error) {
	if a, ok := c.caches[KindVariable].Find(key); ok && ctx.Err() == nil {
		return a.text, nil
	}
	a, err := c.find(ctx, request{KindVariable, key})
	return a.text, err
}

// GetConfig returns the configuration value stored under key. Only layers whose backend is a [ConfigGetter] are asked:
// as in Airflow neither the environment nor the metastore is, unless told to be. Errors are those of GetConnection.
func (c *Chain) GetConfig(ctx context.Context, key string) (string, error) {
	if a, ok := c.caches[KindConfig].Find(key); ok && ctx.Err() == nil {
		return a.text, nil
	}
	a, err := c.find(ctx, request{KindConfig, key})
	return a.text, err
}

// find is the way of every read that the cache does not answer at once.
func (c *Chain) find(ctx context.Context, r request) (answer, error) {
	if c.caches[r.kind] == nil {
		return c.findShared(ctx, r)
	}
	item, err := c.findCached(ctx, r)
	return item.Value, err
}

// findShared makes one search, shared among those who look for the same thing at the same time.
func (c *Chain) findShared(ctx context.Context, r request) (answer, error) {
	c.stats.lookups.Add(1)
	a, with, err := c.flights[r.kind].Do(ctx, r.id)
	if with == cache.Joined {
		c.stats.coalesced.Add(1)
	}
	if err == nil {
		return a, nil
	}
	if e, ok := err.(*LookupError); ok {
		if with != cache.Alone {
			e = e.clone()
		}
		return answer{}, e
	}
	return answer{}, r.failed(err)
}

// choose is GetConnection's choice; conns is never empty.
func (c *Chain) choose(conns []Connection) Connection {
	if c.pick == nil || len(conns) == 1 {
		return conns[0]
	}
	return c.pick(slices.Clone(conns))
}

// Check asks every layer that is a [Checker] whether its store can be used, all at once, each within its Timeout. The
// error joins one [Error] per layer that cannot, with the layer's name; test it for classes with errors.Is. A closed
// chain fails with [ErrClosed].
func (c *Chain) Check(ctx context.Context) error {
	if c.closed() {
		return &Error{Op: "check", Err: ErrClosed}
	}
	failures := make([]error, len(c.layers))
	var wg sync.WaitGroup
	for i := range c.layers {
		l := &c.layers[i]
		if checker, ok := l.Backend.(Checker); ok {
			wg.Go(func() {
				err := safely(errObserverPanicked, func() error { return c.guarded(ctx, l, Call{Layer: l.Name}, checker.Check) })
				if err == nil || errors.Is(err, errors.ErrUnsupported) {
					return
				}
				if ctx.Err() == nil {
					err = classed(err)
				}
				failures[i] = &Error{Op: "check layer", ID: l.Name, Err: err}
			})
		}
	}
	wg.Wait()
	return errors.Join(failures...)
}

// Format prints the names of the layers, whatever the verb: what they hold is nobody's to print.
func (c *Chain) Format(f fmt.State, _ rune) {
	if c == nil {
		_, _ = io.WriteString(f, "<nil>")
		return
	}
	_, _ = io.WriteString(f, "secrets.Chain[")
	for i := range c.layers {
		if i > 0 {
			_, _ = io.WriteString(f, ", ")
		}
		_, _ = io.WriteString(f, c.layers[i].Name)
	}
	_, _ = io.WriteString(f, "]")
}

func (c *Chain) closed() bool { return c.ended.Load() }

// Close ends the lookups that are under way with [ErrClosed], waits for them, and closes every backend that is an
// [io.Closer], once. What else is under way, such as a write, is left to its backend. All that comes after it fails with
// ErrClosed. Closing twice is fine; only the first Close can fail.
func (c *Chain) Close() error {
	var err error
	c.close.Do(func() {
		c.ended.Store(true)
		if c.prefetches != nil {
			c.prefetches.Close(ErrClosed)
		}
		for kind := KindConnection; kind <= KindConfig; kind++ {
			if kept := c.caches[kind]; kept != nil {
				kept.Close(ErrClosed)
			} else {
				c.flights[kind].Close(ErrClosed)
			}
		}
		err = c.closeBackends()
	})
	return err
}

func (c *Chain) closeBackends() error {
	var failures []error
	closed := map[any]bool{} // a backend may be in several layers
	for i := range c.layers {
		l := &c.layers[i]
		closer, ok := l.Backend.(io.Closer)
		if !ok {
			continue
		}
		if reflect.ValueOf(closer).Comparable() {
			if closed[closer] {
				continue
			}
			closed[closer] = true
		}
		if err := safely(errPanicked, closer.Close); err != nil {
			failures = append(failures, &Error{Op: "close layer", ID: l.Name, Err: err})
		}
	}
	return errors.Join(failures...)
}
