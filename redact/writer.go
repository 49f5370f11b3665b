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
func (r *Redactor) Writer(w io.Writer) io.WriteCloser {
	end := &tail{}
	return &writer{redactor: r, to: w, tail: func() *tail { return end }}
}

type writer struct {
	redactor *Redactor
	to       io.Writer
	mu       sync.Mutex
	tail     func() *tail // behind a func, which no printer and no dumper opens
	closed   bool
}

// tail is the end of what was written last.
type tail struct {
	held string // what may be the beginning of a secret
	done int    // bytes of held that have been masked already, as the end of another secret
}

// Format prints the type alone.
func (w *writer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.writer") }

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, io.ErrClosedPipe
	}
	end := w.tail()
	text := end.held + string(p)
	x := w.redactor.index.Load()
	limit := len(text) - x.open(text)
	masked, read := x.replace(text, w.redactor.mask, end.done, limit)
	end.held, end.done = text[limit:], max(0, read-limit)
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
	end := w.tail()
	rest, _ := w.redactor.index.Load().replace(end.held, w.redactor.mask, end.done, len(end.held))
	end.held = ""
	if rest == "" {
		return nil
	}
	_, err := io.WriteString(w.to, rest)
	return err
}
