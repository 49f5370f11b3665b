package secrets

import "context"

// An Observer sees every backend call of a chain, without values: reads, writes and checks. Cache hits are only counted
// in [Stats]. It is safe for concurrent use and quick: the lookup waits for it. See examples/observability for spans.
type Observer interface {
	// Start is called before a call; the context that it returns is the one the backend gets, so that a span can be
	// its parent. The function that it returns, which may be nil, is called with the call's outcome: nil, or an error
	// whose class ClassOf tells. That a wrapper is asked for what the backend in it cannot do counts as ErrNotFound.
	// If ctx has ended by then, nobody waits for the call any more, and it has not failed.
	Start(ctx context.Context, call Call) (context.Context, func(err error))
}

// Call is one call to a backend.
type Call struct {
	Layer string
	Kind  Kind   // zero for Check
	ID    string // never a metric label: there are as many as names; blank for a batch and for Check
}
