package localfs

import (
	"fmt"
	"strings"

	"github.com/secretchain/secrets"
)

// A mistake says what is wrong on one line of a file, without any of its text.
type mistake struct {
	line   int // counted from 1; 0: not known
	reason string
}

func (m mistake) String() string {
	if m.line == 0 {
		return m.reason
	}
	return fmt.Sprintf("line %d: %s", m.line, m.reason)
}

// fileError tells the mistakes of one file, the first ones by name.
type fileError struct {
	path     string
	mistakes []mistake
}

// shownMistakes keeps the error of a file that is wrong from end to end readable.
const shownMistakes = 10

func (e *fileError) Error() string {
	var b strings.Builder
	b.WriteString("malformed file " + e.path)
	for i, m := range e.mistakes {
		if i == shownMistakes {
			fmt.Fprintf(&b, "; and %d more", len(e.mistakes)-i)
			break
		}
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(m.String())
	}
	return b.String()
}

// Unwrap returns the class.
func (e *fileError) Unwrap() error { return secrets.ErrMalformed }
