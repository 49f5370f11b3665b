package secrets

import (
	"errors"
	"strconv"
	"strings"
)

// Classes of failure. Test for them with [errors.Is]. An error that wraps none of them counts as ErrUnavailable: an
// unforeseen failure is an outage, never an absence (specification, lookup §6.3).
var (
	// ErrNotFound: the store answered, and holds no such name.
	ErrNotFound = errors.New("not found")
	// ErrDenied: the store, or the login before it, refused.
	ErrDenied = errors.New("access denied")
	// ErrUnavailable: no answer: network, time-out, throttling, a failing server. Trying again later may help.
	ErrUnavailable = errors.New("unavailable")
	// ErrMalformed: there is a value, or an argument of a constructor, and it cannot be used.
	ErrMalformed = errors.New("malformed")
	// ErrClosed: the chain or backend was closed.
	ErrClosed = errors.New("closed")
)

// ClassOf returns the class of err: one of the five class errors, or nil for nil. An error that wraps a class besides
// ErrNotFound has that class, so that an absence is never claimed where something also failed. A context's error has
// the class ErrUnavailable; whether the caller's own context ended is the caller's to know.
func ClassOf(err error) error {
	if err == nil {
		return nil
	}
	// What stores return nearly always, without walking the tree five times: a class within Errors.
	plain := err
	for e, ok := plain.(*Error); ok; e, ok = plain.(*Error) {
		plain = e.Err
	}
	switch plain {
	case ErrNotFound, ErrDenied, ErrMalformed, ErrUnavailable, ErrClosed:
		return plain
	}
	for _, class := range [...]error{ErrDenied, ErrMalformed, ErrUnavailable, ErrClosed, ErrNotFound} {
		if errors.Is(err, class) {
			return class
		}
	}
	return ErrUnavailable
}

// Error is what a backend returns: what was tried, for which name, under which name in the store, and why it failed.
// It never holds a value. Err wraps one of the classes and is never nil in an error that this module returns.
type Error struct {
	Op        string // "get", "set", "delete", "list", "check"
	Kind      Kind   // zero: the operation concerns no single kind
	ID        string // the name the caller asked for; "" where there is none
	StoreName string // the name in the store; "" where it is not known or the same as ID
	Err       error
}

// Error describes the failure in one line: get connection "smtp_default" (airflow/connections/smtp_default): not found.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Kind != 0 {
		space(&b)
		b.WriteString(e.Kind.String())
	}
	if e.ID != "" {
		space(&b)
		b.WriteString(strconv.Quote(e.ID))
	}
	if e.StoreName != "" && e.StoreName != e.ID {
		space(&b)
		b.WriteString("(" + oneLine(e.StoreName) + ")")
	}
	if e.Err != nil {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(reasonLine(e.Err))
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// oneLine is text of a store's, such as its name for a thing, quoted where it holds what could pass for another line of a log.
func oneLine(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// reasonLine is the text of err, which may be a store's own or a join of several, as part of one line.
func reasonLine(err error) string { return oneLine(strings.ReplaceAll(err.Error(), "\n", "; ")) }

func space(b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
}
