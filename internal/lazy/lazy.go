// Package lazy makes a value at its first use: a client or a login that costs I/O, which no constructor may do.
package lazy

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
)

// Value makes a value of type T once, for all who ask. A failure is not kept: who asks next tries again. Safe for
// concurrent use; reading a value that is made takes no lock and allocates nothing.
type Value[T any] struct {
	build func(ctx context.Context) (T, error)
	turn  chan struct{} // holds one token while somebody builds
	built atomic.Pointer[T]

	closing sync.Once
	closed  chan struct{} // closed by Close, which has set what follows before
	err     error
	release func(T)
}

// New returns a Value that build makes. While one caller builds, the others wait for it, each no longer than its own
// context; build gets the context of the caller whose turn it is.
func New[T any](build func(ctx context.Context) (T, error)) *Value[T] {
	return &Value[T]{build: build, turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Of returns a Value that is made already.
func Of[T any](v T) *Value[T] {
	l := New[T](nil)
	l.built.Store(&v)
	return l
}

// Get returns the value, making it if need be. The error is build's, the context's or that of Close.
func (l *Value[T]) Get(ctx context.Context) (T, error) {
	if v := l.built.Load(); v != nil {
		return *v, nil
	}
	var none T
	if err := l.ended(); err != nil {
		return none, err
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return none, ctx.Err()
	case <-l.closed:
		return none, l.err
	}
	if v := l.built.Load(); v != nil {
		return *v, nil
	}
	if err := l.ended(); err != nil {
		return none, err
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	v, err := l.build(ctx)
	if err != nil {
		return none, cmp.Or(l.ended(), err)
	}
	l.built.Store(&v)
	if err := l.ended(); err != nil { // while it was being made
		l.letGo()
		return none, err
	}
	return v, nil
}

// Made returns the value if it is made, without making it; not after Close.
func (l *Value[T]) Made() (v T, ok bool) {
	if p := l.built.Load(); p != nil {
		return *p, true
	}
	return v, false
}

// Close ends the Value: Get fails with err from now on, and release is called once with the value that was made, or that
// is being made as soon as it is. Who has the value already keeps it. A second Close does nothing.
func (l *Value[T]) Close(err error, release func(T)) {
	l.closing.Do(func() {
		l.err, l.release = err, release
		close(l.closed)
		l.letGo()
	})
}

// ended returns the error of Close, nil before.
func (l *Value[T]) ended() error {
	select {
	case <-l.closed:
		return l.err
	default:
		return nil
	}
}

func (l *Value[T]) letGo() {
	if v := l.built.Swap(nil); v != nil {
		l.release(*v)
	}
}
