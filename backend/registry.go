package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/secretchain/secrets"
)

// Driver opens a backend from Airflow's backend_kwargs.
type Driver struct {
	Name       string   // "vault"
	ClassPaths []string // every name Airflow has used for it
	// Open makes the backend. It does no I/O: a store that is down or a login that fails shows at the first lookup.
	// Kwargs is a JSON object, or empty for no arguments: hand it to DecodeKwargs, or let Opener do so.
	Open func(ctx context.Context, kwargs json.RawMessage) (secrets.Backend, error)
}

// LoggedOpen is the Open of a [Driver] with a Logger for the store's warnings, for which kwargs have no room. Nil: silent.
type LoggedOpen = func(ctx context.Context, kwargs json.RawMessage, logger *slog.Logger) (secrets.Backend, error)

var registry struct {
	sync.RWMutex
	drivers map[string]registered // by name and by class path
}

type registered struct {
	Driver
	logged LoggedOpen
}

// Register makes a driver available to [Open] under its name and class paths. Store packages call it from init.
// It panics on a nil Open, on a name or class path that is blank or has white space around it, and on one that is taken.
func Register(d Driver) {
	var open LoggedOpen
	if d.Open != nil {
		open = func(ctx context.Context, kwargs json.RawMessage, _ *slog.Logger) (secrets.Backend, error) {
			return d.Open(ctx, kwargs)
		}
	}
	register(d, open)
}

// RegisterLogged is [Register] for a store that warns of anything. It takes open in place of d.Open.
func RegisterLogged(d Driver, open LoggedOpen) {
	d.Open = func(ctx context.Context, kwargs json.RawMessage) (secrets.Backend, error) {
		return open(ctx, kwargs, nil)
	}
	register(d, open)
}

func register(d Driver, open LoggedOpen) {
	if open == nil {
		panic(fmt.Sprintf("backend: Register of driver %q without an Open function", d.Name))
	}
	registry.Lock()
	defer registry.Unlock()
	if registry.drivers == nil {
		registry.drivers = make(map[string]registered)
	}
	names := append([]string{d.Name}, d.ClassPaths...)
	for _, name := range names {
		if name == "" || name != strings.TrimSpace(name) {
			panic(fmt.Sprintf("backend: Register of driver %q: nobody can open the name %q", d.Name, name))
		}
		if taken, ok := registry.drivers[name]; ok {
			panic(fmt.Sprintf("backend: Register of driver %q: %q is taken by driver %q", d.Name, name, taken.Name))
		}
	}
	for _, name := range names {
		registry.drivers[name] = registered{d, open}
	}
}

// Drivers lists the names of the registered drivers, sorted.
func Drivers() []string {
	registry.RLock()
	defer registry.RUnlock()
	names := make(map[string]bool)
	for _, d := range registry.drivers {
		names[d.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Open opens the backend that is registered under a driver's name or one of its class paths. It does no I/O.
//
// A store of this module whose package is not imported is an error that names the import to add; any other unknown
// name is an error that lists what is registered; both are ErrUnavailable in this program. What the driver refuses is
// ErrMalformed, unless the driver says otherwise. No error shows an argument's value.
func Open(ctx context.Context, nameOrClassPath string, kwargs json.RawMessage) (secrets.Backend, error) {
	return OpenLogged(ctx, nameOrClassPath, kwargs, nil)
}

// OpenLogged is Open, and gives the store a logger for its warnings. Nil: silent.
func OpenLogged(ctx context.Context, nameOrClassPath string, kwargs json.RawMessage, logger *slog.Logger) (secrets.Backend, error) {
	name := strings.TrimSpace(nameOrClassPath)
	registry.RLock()
	d, ok := registry.drivers[name]
	registry.RUnlock()
	if !ok {
		return nil, classed{unknownDriver(name), secrets.ErrUnavailable}
	}
	b, err := d.logged(ctx, kwargs, logger)
	if err != nil {
		return nil, fmt.Errorf("open backend %s: %w", d.Name, Refused(err))
	}
	return b, nil
}

func unknownDriver(name string) error {
	if k, ok := knownStore(name); ok {
		return fmt.Errorf("backend %q is the store %s, whose package is not imported: add import _ %q", name, k.driver, k.importPath())
	}
	registered := strings.Join(Drivers(), ", ")
	if registered == "" {
		registered = "none"
	}
	said := strconv.Quote(name)
	if strings.ContainsFunc(name, notInName) {
		said = "(a text that is no name)" // perhaps the arguments, in the wrong place
	}
	return fmt.Errorf("unknown backend %s: registered are %s; import the package of the store (backend/all has every one), "+
		"or register your own with backend.Register", said, registered)
}

func notInName(r rune) bool {
	return r != '.' && r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
