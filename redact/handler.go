package redact

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"
)

// Handler returns a handler that masks records on their way to next: messages, names and values of attributes, groups
// included, errors, and whatever value shows a secret when it is printed or encoded; such a value becomes its printed
// text, masked. Other values pass as they are. Attributes that were given to a logger once are masked by what is known
// when a record is written.
func (r *Redactor) Handler(next slog.Handler) slog.Handler { return &handler{redactor: r, base: next} }

// handler replays what was done to it on base whenever the Redactor has learned something.
type handler struct {
	redactor *Redactor
	base     slog.Handler
	steps    func() []step // behind a func, which no printer and no dumper opens; nil: none
	ready    atomic.Pointer[ready]
}

// step is one WithAttrs or, without attributes, one WithGroup.
type step struct {
	group string
	attrs []slog.Attr
}

// ready is base after all steps, masked by index.
type ready struct {
	index *index
	next  slog.Handler
}

// Format prints the type alone, whatever the verb.
func (h *handler) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.handler") }

func (h *handler) next() slog.Handler {
	x := h.redactor.index.Load()
	if r := h.ready.Load(); r != nil && r.index == x {
		return r.next
	}
	next := h.base
	for _, s := range h.done() {
		if s.attrs != nil {
			next = next.WithAttrs(h.attrs(s.attrs))
		} else {
			next = next.WithGroup(h.redactor.Text(s.group))
		}
	}
	h.ready.Store(&ready{x, next})
	return next
}

func (h *handler) with(s step) slog.Handler {
	steps := append(slices.Clip(h.done()), s)
	return &handler{redactor: h.redactor, base: h.base, steps: func() []step { return steps }}
}

func (h *handler) done() []step {
	if h.steps == nil {
		return nil
	}
	return h.steps()
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.redactor.Text(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.attr(a))
		return true
	})
	return h.next().Handle(ctx, masked)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(step{attrs: attrs})
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(step{group: name})
}

func (h *handler) attrs(attrs []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = h.attr(a)
	}
	return masked
}

func (h *handler) attr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: h.redactor.Text(a.Key), Value: h.value(a.Value.Resolve())}
}

func (h *handler) value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(h.redactor.Text(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindAny:
		return h.any(v)
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64: // a number may be a secret too
		if text := v.String(); h.shows(text) {
			return slog.StringValue(h.redactor.Text(text))
		}
	}
	return v
}

// any looks at a value in every form in which the handlers of log/slog write one.
func (h *handler) any(v slog.Value) slog.Value {
	value := v.Any()
	if text, ok := bytesOf(value); ok && h.shows(text) {
		return slog.StringValue(h.redactor.Text(text))
	}
	printed := fmt.Sprintf("%+v", value)
	if h.shows(printed) || slices.ContainsFunc(encodings(value), func(encode func() ([]byte, error)) bool {
		text, fine := try(encode)
		return !fine || h.shows(text)
	}) {
		return slog.StringValue(h.redactor.Text(printed))
	}
	return v
}

func (h *handler) shows(text string) bool { return h.redactor.Text(text) != text }

// bytesOf returns the text of a value that is bytes.
func bytesOf(value any) (text string, ok bool) {
	if bytes := reflect.ValueOf(value); bytes.Kind() == reflect.Slice && bytes.Type().Elem().Kind() == reflect.Uint8 {
		return string(bytes.Bytes()), true
	}
	return "", false
}

// encodings are the ways besides printing in which a value becomes text.
func encodings(value any) []func() ([]byte, error) {
	all := []func() ([]byte, error){func() ([]byte, error) { return json.Marshal(value) }}
	if m, ok := value.(encoding.TextMarshaler); ok {
		all = append(all, m.MarshalText)
	}
	switch s := value.(type) {
	case error:
		all = append(all, func() ([]byte, error) { return []byte(s.Error()), nil })
	case fmt.Stringer:
		all = append(all, func() ([]byte, error) { return []byte(s.String()), nil })
	}
	return all
}

// try encodes a value; what cannot be encoded shows nothing. It is not fine if the value's own method panics, as many do
// for a nil pointer: the text of a panic would be written as it is.
func try(encode func() ([]byte, error)) (text string, fine bool) {
	defer func() { _ = recover() }()
	encoded, err := encode()
	if err != nil {
		return "", true
	}
	return string(encoded), true
}
