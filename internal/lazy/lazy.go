// Package lazy makes a value at its first use: a client or a login that costs I/O, which no constructor may do.
package lazy

import (
	"context"
	"sync/atomic"
)

// Value makes a value of type T once, for all who ask. A failure is not kept: who asks next tries again. Safe for
// concurrent use; reading a value that is made takes no lock and allocates nothing.
type Value[T any] struct {
	build func(ctx context.Context) (T, error)
	turn  chan struct{} // holds one token while somebody builds
	built atomic.Pointer[T]
}

// New returns a Value that build makes. While one caller builds, the others wait for it, each no longer than its own
// context; build gets the context of the caller whose turn it is.
func New[T any](build func(ctx context.Context) (T, error)) *Value[T] {
	return &Value[T]{build: build, turn: make(chan struct{}, 1)}
}

// Of returns a Value that is made already.
func Of[T any](v T) *Value[T] {
	l := &Value[T]{}
	l.built.Store(&v)
	return l
}

// Get returns the value, making it if need be. The error is build's or the context's.
func (l *Value[T]) Get(ctx context.Context) (T, error) {
	if v := l.built.Load(); v != nil {
		return *v, nil
	}
	var none T
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	if v := l.built.Load(); v != nil {
		return *v, nil
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	v, err := l.build(ctx)
	if err != nil {
		return none, err
	}
	l.built.Store(&v)
	return v, nil
}

// Made returns the value if it is made, without making it: what Close needs.
func (l *Value[T]) Made() (v T, ok bool) {
	if p := l.built.Load(); p != nil {
		return *p, true
	}
	return v, false
}
