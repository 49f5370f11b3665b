package redact

import (
	"fmt"
	"io"
	"sync"
)

// Writer returns a writer that masks what goes through it to w, also a secret that is split between two writes: the end
// of a write that may be the beginning of a secret is held back until the next one, or Close, tells. Close does not
// close w. It is safe for concurrent use.
//
// An error of w is returned as it is; the text of that write is then lost, as with any writer.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser { return &writer{redactor: r, to: w} }

type writer struct {
	redactor *Redactor
	to       io.Writer
	mu       sync.Mutex
	held     string // what may be the beginning of a secret
	done     int    // bytes of held that have been masked already, as the end of another secret
	closed   bool
}

// Format prints the type alone: held may be half a secret.
func (w *writer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.writer") }

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, io.ErrClosedPipe
	}
	text := w.held + string(p)
	x := w.redactor.index.Load()
	limit := len(text) - x.open(text)
	masked, read := x.replace(text, w.redactor.mask, w.done, limit)
	w.held, w.done = text[limit:], max(0, read-limit)
	if masked == "" {
		return len(p), nil
	}
	if _, err := io.WriteString(w.to, masked); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	rest, _ := w.redactor.index.Load().replace(w.held, w.redactor.mask, w.done, len(w.held))
	w.held = ""
	if rest == "" {
		return nil
	}
	_, err := io.WriteString(w.to, rest)
	return err
}
