// Package paging ends lists that a server would never end: every store that turns pages asks it.
package paging

import (
	"fmt"

	"github.com/secretchain/secrets"
)

// Tokens are what a server has called the pages of one list. The zero Tokens is ready; one goroutine uses it.
type Tokens struct{ seen map[string]bool }

// Turn takes the token of the page that comes next, "" for none. Its error says that the server has given that token before;
// its class is ErrUnavailable.
func (t *Tokens) Turn(next string) error {
	if next == "" {
		return nil
	}
	if t.seen[next] {
		return fmt.Errorf("%w: the server gives a page of its list again, and would go on for ever", secrets.ErrUnavailable)
	}
	if t.seen == nil {
		t.seen = map[string]bool{}
	}
	t.seen[next] = true
	return nil
}
