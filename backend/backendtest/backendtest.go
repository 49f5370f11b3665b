// Package backendtest says what a [secrets.Backend] is, as a suite of tests, and holds an in-memory store for the tests
// of programs that look secrets up.
//
// Every store of this module, every wrapper and the chain pass [Run]. To hold a backend of one's own to it:
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, backendtest.Harness{
//			Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
//				return mystore.New(serverHolding(t, content), nil)
//			},
//		})
//	}
//
// A program's own tests use [NewFake] in place of its stores.
package backendtest

import (
	"errors"
	"testing"

	"github.com/secretchain/secrets"
)

// A Harness tells the suite how to make the backend under test, and what its store cannot do. Only Make is required.
type Harness struct {
	// Make returns a backend over a fresh store that holds content and nothing else. The suite closes the backend;
	// what else is to be cleaned up belongs into t.Cleanup.
	Make func(t *testing.T, content Content) secrets.Backend

	// Fail returns a backend whose store answers every call, writes and lists included, with a failure of class, which is
	// ErrDenied or ErrUnavailable; nil for a class that the store cannot show. Nil: no failures are tested.
	Fail func(t *testing.T, class error) secrets.Backend

	// Stall returns a backend whose store does not answer until the call's context ends. It is called for each call that
	// is tried. Nil: the store answers from memory or from disk.
	Stall func(t *testing.T) secrets.Backend

	// Holds reports whether the store can hold a name. Nil: every name but the blank one.
	Holds func(kind secrets.Kind, id string) bool

	OneConnection bool // the store holds one connection per id
	NoBlanks      bool // the store cannot hold a blank variable or config value
	NoConfig      bool // the store has no config values
	NoMalformed   bool // the store cannot hold a connection that is malformed
	TrimsValues   bool // the store cannot hold white space around a value, or line ends within
}

func (h Harness) holds(kind secrets.Kind, id string) bool {
	return id != "" && (h.Holds == nil || h.Holds(kind, id))
}

// check is one rule: why is printed when the backend breaks it.
type check struct {
	name string
	why  string
	run  func(s *suite)
}

// suite is one check at work.
type suite struct {
	*testing.T
	h Harness
}

// Run holds the backend that h makes to the contract of [secrets.Backend] and of every optional ability that it has,
// each rule in a subtest of its own.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Make == nil {
		t.Fatal("backendtest: Harness.Make is nil")
	}
	for _, group := range [][]check{readChecks, absenceChecks, failureChecks, abilityChecks, writeChecks, lifeChecks} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				s := &suite{T: t, h: h}
				defer func() {
					if t.Failed() {
						t.Log("rule: " + c.why)
					}
				}()
				c.run(s)
			})
		}
	}
}

// backend makes the backend over content and has it closed at the end of the check.
func (s *suite) backend(content Content) secrets.Backend {
	s.Helper()
	b := s.h.Make(s.T, content)
	if b == nil {
		s.Fatal("Harness.Make returned nil")
	}
	s.Cleanup(func() { closeBackend(b) })
	return b
}

func closeBackend(b secrets.Backend) {
	if c, ok := b.(interface{ Close() error }); ok {
		_ = c.Close()
	}
}

// unsupported reports whether err is the answer of a wrapper around something without the ability.
func unsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
