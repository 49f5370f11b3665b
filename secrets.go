// Package secrets looks up connections and variables by name in whatever store holds them.
//
// A [Chain] asks its layers in order: usually a custom store first, then environment variables, then a SQL metastore
// shared with Apache Airflow. Start with [NewChain], then call [Chain.GetConnection] and [Chain.GetVariable].
// To teach the chain a new store, implement [Backend], or wrap two functions in [Funcs].
//
// # Not found is always true
//
// A lookup fails with [ErrNotFound] only if every layer that was asked said that the name is absent. A refusal, an
// outage or a malformed value ends the search with an error of its own class, unless the layer's ContinueOn says
// otherwise: see [LookupError].
//
// # Secrets stay secret
//
// Values that must not be printed travel in [Secret]. No error, log line, event or printed form of this module holds
// a value, a connection URI or a backend argument. Memory is not wiped: Go strings are copied by the runtime at will,
// so a promise to erase them could not be kept.
//
// # Differences from Airflow
//
// Where this package differs from Airflow on purpose, docs/differences.md lists the case, what Airflow does, what we
// do and why. The most visible ones: failures stop the search by default (Options.FallThrough restores Airflow's way),
// several connections under one id are all kept, and text that is not a connection is an error and never garbage.
package secrets

import (
	"context"
	"fmt"
)

// A Backend reads connections and variables from one store. Methods are safe for concurrent use, return promptly when
// ctx ends, and report an absent name with an error wrapping [ErrNotFound]. No error text ever holds a value.
//
// The suite in backend/backendtest defines what a Backend is: run it in the tests of every implementation.
type Backend interface {
	// GetConnections returns every connection stored under id, in stored order, at least one.
	// The slice belongs to the caller.
	GetConnections(ctx context.Context, id string) ([]Connection, error)
	// GetConnURI returns the URI form of the first connection stored under id. The text holds its password.
	GetConnURI(ctx context.Context, id string) (string, error)
	// GetVariable returns the text stored under key, byte for byte. The empty text is a value, not an absence.
	GetVariable(ctx context.Context, key string) (string, error)
}

// Optional abilities of a [Backend]. A wrapper implements them all and answers [errors.ErrUnsupported] for what the
// backend it wraps cannot do.
type (
	// A ConfigGetter reads configuration values, such as those that airflow.cfg names with a _secret suffix.
	ConfigGetter interface {
		GetConfig(ctx context.Context, key string) (string, error)
	}

	// A Batcher reads many names in few calls. Absent names are absent from the map; that is no error.
	Batcher interface {
		GetVariables(ctx context.Context, keys []string) (map[string]string, error)
		GetConnectionMap(ctx context.Context, ids []string) (map[string][]Connection, error)
	}

	// A Lister tells the names of one kind that the store holds, in no particular order and without values.
	Lister interface {
		List(ctx context.Context, kind Kind) ([]string, error)
	}

	// A Checker tells whether the store can be used now: nil, or an error of class [ErrUnavailable] (unreachable),
	// [ErrDenied] (reachable, but not allowed) or [ErrMalformed] (a file with a mistake).
	Checker interface {
		Check(ctx context.Context) error
	}

	// A Namer tells under which name the store would be asked for id; ok is false where it would not be asked at all.
	Namer interface {
		StoreName(kind Kind, id string) (name string, ok bool)
	}

	// A Writer stores and deletes. Deleting an absent name fails with [ErrNotFound].
	Writer interface {
		SetConnection(ctx context.Context, c Connection) error
		DeleteConnection(ctx context.Context, id string) error
		SetVariable(ctx context.Context, key, value string) error
		DeleteVariable(ctx context.Context, key string) error
	}
)

// Kind is what a name stands for. The zero Kind is none of them.
type Kind uint8

// The three kinds of thing that are looked up by name.
const (
	KindConnection Kind = iota + 1
	KindVariable
	KindConfig
)

// String returns "connection", "variable" or "config".
func (k Kind) String() string {
	switch k {
	case KindConnection:
		return "connection"
	case KindVariable:
		return "variable"
	case KindConfig:
		return "config"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}
