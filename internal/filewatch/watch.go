package filewatch

import (
	"context"
	"sync/atomic"
	"time"
)

// A Watch holds the latest value of a source. It is safe for concurrent use; a caller that finds the value known and
// young enough takes no lock.
type Watch[T any] struct {
	source[T]
	opts  Options
	start time.Time
	due   atomic.Int64 // when to look at the disk again, counted from start
	state atomic.Pointer[State[T]]
	turn  chan struct{} // holds one token while somebody looks
}

// State is what is known of a source. It is never changed.
type State[T any] struct {
	// Value was made of the last good version; the zero T if there was none.
	Value T
	// Good tells how good that version was.
	Good Good
	// Err tells what is wrong with the present version. Nil: Value is made of it.
	Err error

	stamp   *stamp   // marks the present version of a file; nil: unknown, to be read again
	listing *listing // the same of a directory
}

// Good says how much of a version can be used.
type Good uint8

const (
	None   Good = iota // nothing
	Partly             // what its error is not about
	Whole              // everything
)

// Options are common to all watches.
type Options struct {
	// Limit is the greatest size of a file in bytes.
	Limit int64
	// Every is the least time between two looks at the disk; at or below 0 each call of Get looks.
	Every time.Duration
	// Report is told once of each new reason why a version is not used while there is one to go on with. Nil: nobody.
	Report func(err error)
}

func (o *Options) report(before, now error, usable bool) {
	if o.Report != nil && now != nil && usable && (before == nil || before.Error() != now.Error()) {
		o.Report(now)
	}
}

// source is what a Watch looks at.
type source[T any] struct {
	// unchanged tells by one look that what is known is surely the present version. It is called beside everything else.
	unchanged func(known *State[T]) bool
	// read is called by one goroutine at a time. It returns last itself when nothing has changed, and an error only if ctx
	// ended.
	read func(ctx context.Context, last *State[T]) (*State[T], error)
}

func newWatch[T any](opts Options, s source[T]) *Watch[T] {
	return &Watch[T]{source: s, opts: opts, start: time.Now(), turn: make(chan struct{}, 1)}
}

// Get returns what is known, after a look at the disk if the interval since the last has passed. The first call reads;
// calls beside it wait for it. The error is that of a ctx which ended.
func (w *Watch[T]) Get(ctx context.Context) (*State[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	known := w.state.Load()
	if known != nil && (w.fresh() || w.opts.Every <= 0 && w.unchanged(known)) {
		return known, nil
	}
	if known != nil {
		select {
		case w.turn <- struct{}{}:
		default:
			return known, nil // somebody is looking
		}
	} else {
		select {
		case w.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-w.turn }()
	known = w.state.Load()
	if known != nil && w.fresh() {
		return known, nil // somebody has looked
	}
	last := known
	if last == nil {
		last = new(State[T])
	}
	now, err := w.read(ctx, last)
	if err != nil {
		return nil, err
	}
	if now != known {
		w.state.Store(now)
		w.opts.report(last.Err, now.Err, now.Good != None)
	}
	if w.opts.Every > 0 {
		w.due.Store(int64(time.Since(w.start) + w.opts.Every))
	}
	return now, nil
}

// fresh reports whether it is too early for another look.
func (w *Watch[T]) fresh() bool {
	return w.opts.Every > 0 && int64(time.Since(w.start)) < w.due.Load()
}
