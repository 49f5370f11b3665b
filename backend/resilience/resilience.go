// Package resilience holds wrappers: each is a [secrets.Backend] made of a Backend, and has every optional ability of
// what it wraps. They compose like this, from the chain inwards:
//
//	chain ─ Snapshot ─ Break ─ Limit ─ Retry ─ store
//	        │          │       │       └ asks again after an outage, a few times, with growing pauses
//	        │          │       └ so many calls a second, so many at once
//	        │          └ asks a store that is down no more, for a while
//	        └ answers with the last good value while nothing else answers
//
// Retry is for stores that do not retry themselves: the SDKs behind the stores of this module do, and a second retry
// around theirs multiplies the calls to a store in trouble. Break above Retry counts one lookup as one failure however
// often it was tried. Snapshot is outermost so that it also serves what Break and Limit refuse.
//
// [Rename], [Only] and [Except] change which names are asked for; [Fallback] answers for absent ones.
//
// A nil backend panics at once, but for Snapshot, which has an error to tell it with: it is a programming error.
//
// Nothing here changes what an error means: absence, refusal and malformed values pass through at once. The errors of
// the wrappers themselves are of class [secrets.ErrUnavailable]. Close closes what is wrapped.
//
// # Cost
//
// No wrapper makes a call that its backend is not asked for. An open circuit answers in less than a microsecond.
package resilience

import (
	"context"
	"errors"

	"github.com/secretchain/secrets"
)

// outage reports whether err is one that may be over soon, and not the end of the caller's own context.
func outage(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, errors.ErrUnsupported) && secrets.ClassOf(err) == secrets.ErrUnavailable
}

// given returns b, which must not be nil: a panic at the first lookup would look like an outage.
func given(name string, b secrets.Backend) secrets.Backend {
	if b == nil {
		panic("resilience: " + name + " of a nil backend")
	}
	return b
}
