package secrets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// LookupError is a search that ended without a value: what was looked for and what every layer that was asked said, in
// order. [errors.Is] with [ErrNotFound] holds only if every one of them said so; with another class it holds if one of
// them failed that way.
type LookupError struct {
	Kind  Kind
	ID    string
	Tried []Attempt
}

// usualLayers is the length of the usual search path: custom store, environment, metastore.
const usualLayers = 3

// newLookupError makes the error, with the attempts of a search path of usual length in one allocation.
func newLookupError(r request, t *trail) *LookupError {
	if t.n > usualLayers {
		return &LookupError{Kind: r.kind, ID: r.id, Tried: t.attempts(r, make([]Attempt, t.n))}
	}
	e := new(struct {
		LookupError
		tried [usualLayers]Attempt
	})
	e.LookupError = LookupError{Kind: r.kind, ID: r.id, Tried: t.attempts(r, e.tried[:t.n:t.n])}
	return &e.LookupError
}

// clone returns a copy that shares nothing that can be changed.
func (e *LookupError) clone() *LookupError {
	return &LookupError{Kind: e.Kind, ID: e.ID, Tried: slices.Clone(e.Tried)}
}

// Error names every layer that was asked, with its store's own name for the thing and its reason, in one line.
func (e *LookupError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "get %s %q: ", e.Kind, e.ID)
	if len(e.Tried) == 0 {
		b.WriteString("not found: no layer is asked for it")
		return b.String()
	}
	if e.notFound() {
		b.WriteString("not found in ")
	}
	for i, a := range e.Tried {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(a.Layer)
		if a.StoreName != "" && a.StoreName != e.ID {
			fmt.Fprintf(&b, " (%s)", oneLine(a.StoreName))
		}
		if !e.notFound() {
			b.WriteString(": " + reason(a.Err, e.Kind, e.ID))
		}
	}
	return b.String()
}

// reason is the text of err without the kind, id and store name that the LookupError has told already.
func reason(err error, kind Kind, id string) string {
	if e, ok := err.(*Error); ok && e.Kind == kind && e.ID == id && e.Err != nil {
		return reason(e.Err, kind, id)
	}
	if err == nil {
		return "found"
	}
	return reasonLine(err)
}

// Is reports whether the search as a whole failed with a class; see the type's comment.
func (e *LookupError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.notFound()
	case ErrDenied, ErrUnavailable, ErrMalformed, ErrClosed:
		return slices.ContainsFunc(e.Tried, func(a Attempt) bool { return ClassOf(a.Err) == target })
	}
	return false
}

func (e *LookupError) notFound() bool {
	return !slices.ContainsFunc(e.Tried, func(a Attempt) bool { return ClassOf(a.Err) != ErrNotFound })
}

// Unwrap returns the reasons: those of the layers that failed, or, if none did, of all.
func (e *LookupError) Unwrap() []error {
	var reasons []error
	all := e.notFound()
	for _, a := range e.Tried {
		if a.Err != nil && (all || ClassOf(a.Err) != ErrNotFound) {
			reasons = append(reasons, failure{a.Err})
		}
	}
	return reasons
}

// failure is a reason within a LookupError. It answers for its cause, but never claims that the search found nothing
// only because one backend's error says that it both failed and found nothing.
type failure struct{ err error }

func (f failure) Error() string { return f.err.Error() }

func (f failure) Is(target error) bool {
	if target == ErrNotFound {
		return ClassOf(f.err) == ErrNotFound
	}
	return errors.Is(f.err, target)
}

func (f failure) As(target any) bool { return errors.As(f.err, target) }
