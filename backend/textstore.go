package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/secretchain/secrets"
)

// MaxText is the greatest length in bytes of one stored text. A longer one is malformed: no store of ours holds such
// values, and a store gone mad must not fill the memory of its callers.
const MaxText = 4 << 20

// Fetch returns the text stored under a store name. Its errors wrap the classes of package secrets, ErrNotFound for an
// absent name, and hold no value. It is safe for concurrent use and returns promptly when ctx ends.
type Fetch func(ctx context.Context, name string) (string, error)

// TextOptions are the further abilities of a store. Every field may be nil; what is nil answers errors.ErrUnsupported,
// but for the decoders, whose defaults are Airflow's general rules.
type TextOptions struct {
	// Connections makes connections of a text. Nil: secrets.ConnectionsFromText.
	Connections func(id, text string) ([]secrets.Connection, error)
	// Text makes the value of a variable or config value of a text. Nil: the text itself, byte for byte.
	Text func(kind secrets.Kind, id, text string) (string, error)
	// FetchMany returns the texts under many names; absent names are absent from the map. It splits the names into
	// as many calls as the store wants. What it found before an error stays in the map.
	FetchMany func(ctx context.Context, names []string) (map[string]string, error)
	// List calls yield with every store name that begins with head (it may yield others too), page by page, until
	// yield returns false.
	List func(ctx context.Context, head string, yield func(name string) bool) error
	// Check is the store's Checker.
	Check func(ctx context.Context) error
	// Close lets go of what the store holds; called once, when the TextStore is closed already.
	Close func() error
}

// A TextStore is a whole [secrets.Backend] made of one fetch: connections in URI or JSON form, variables, config and
// store names, and every optional ability that its TextOptions give it. Safe for concurrent use if its functions are.
//
// One lookup is one fetch (with a team two, see [Naming]). Text that is not UTF-8 or longer than [MaxText] is malformed.
type TextStore struct {
	fetch   Fetch
	names   Naming
	more    TextOptions
	closed  atomic.Bool
	closing sync.Once
}

var (
	_ secrets.Backend      = (*TextStore)(nil)
	_ secrets.ConfigGetter = (*TextStore)(nil)
	_ secrets.Batcher      = (*TextStore)(nil)
	_ secrets.Lister       = (*TextStore)(nil)
	_ secrets.Checker      = (*TextStore)(nil)
	_ secrets.Namer        = (*TextStore)(nil)
)

// NewTextStore returns the store that fetch and names make. More holds at most one TextOptions; further ones are
// ignored. A nil fetch panics: it is a programming error.
func NewTextStore(fetch func(ctx context.Context, name string) (string, error), names Naming, more ...TextOptions) *TextStore {
	if fetch == nil {
		panic("backend: NewTextStore with a nil fetch")
	}
	s := &TextStore{fetch: fetch, names: names}
	if len(more) > 0 {
		s.more = more[0]
	}
	if s.more.Connections == nil {
		s.more.Connections = secrets.ConnectionsFromText
	}
	if s.more.Text == nil {
		s.more.Text = func(_ secrets.Kind, _, text string) (string, error) { return text, nil }
	}
	return s
}

// Format prints the type alone, whatever the verb. A store that embeds a TextStore prints like it: its prefixes, and the
// arguments behind its fetch, are nobody's to print.
func (s *TextStore) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "backend.TextStore") }

// GetConnections fetches and parses; a blank text is not found.
func (s *TextStore) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return lookup(ctx, s, secrets.KindConnection, id, s.connections)
}

// GetConnURI returns the first connection's URI form, whichever form it is stored in.
func (s *TextStore) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, s.GetConnections)
}

// GetVariable fetches a variable.
func (s *TextStore) GetVariable(ctx context.Context, key string) (string, error) {
	return lookup(ctx, s, secrets.KindVariable, key, s.text)
}

// GetConfig fetches a config value.
func (s *TextStore) GetConfig(ctx context.Context, key string) (string, error) {
	return lookup(ctx, s, secrets.KindConfig, key, s.text)
}

// StoreName answers the name that is fetched first.
func (s *TextStore) StoreName(kind secrets.Kind, id string) (string, bool) {
	return s.names.StoreName(kind, id)
}

// Check asks the store whether it can be used.
func (s *TextStore) Check(ctx context.Context) error {
	switch {
	case s.more.Check == nil:
		return &secrets.Error{Op: "check", Err: errors.ErrUnsupported}
	case s.closed.Load():
		return &secrets.Error{Op: "check", Err: secrets.ErrClosed}
	}
	err := s.more.Check(ctx)
	if s.because(ctx, err) == secrets.ErrClosed {
		return &secrets.Error{Op: "check", Err: secrets.ErrClosed}
	}
	return err
}

// Close ends the store's life: later calls fail with ErrClosed, and so do those under way that fail for it. Closing twice
// is fine.
func (s *TextStore) Close() (err error) {
	s.closed.Store(true)
	s.closing.Do(func() {
		if s.more.Close != nil {
			err = s.more.Close()
		}
	})
	return err
}

// List returns the ids of one kind that a lookup asks for, each once; empty where the kind is off.
func (s *TextStore) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	switch {
	case s.more.List == nil:
		return nil, &secrets.Error{Op: "list", Kind: kind, Err: errors.ErrUnsupported}
	case s.closed.Load():
		return nil, &secrets.Error{Op: "list", Kind: kind, Err: secrets.ErrClosed}
	}
	head, on := s.names.Head(kind)
	if !on {
		return nil, nil
	}
	var ids []string
	seen := make(map[string]bool) // a team's own name and the shared one have one id
	err := s.more.List(ctx, head, func(name string) bool {
		if id, ok := s.names.ID(kind, name); ok && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		return ctx.Err() == nil
	})
	if err = s.because(ctx, err); err != nil {
		return nil, &secrets.Error{Op: "list", Kind: kind, StoreName: head, Err: err}
	}
	return ids, nil
}

// decode makes the result of a lookup of a fetched text.
type decode[T any] func(kind secrets.Kind, id, text string) (T, error)

func (s *TextStore) connections(_ secrets.Kind, id, text string) ([]secrets.Connection, error) {
	return s.more.Connections(id, text)
}

func (s *TextStore) text(kind secrets.Kind, id, text string) (string, error) {
	return s.more.Text(kind, id, text)
}

// because is the reason of a failure: the end of ctx and Close come before what the store makes of them. An ended ctx is
// one even where the store saw none.
func (s *TextStore) because(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if err != nil && s.closed.Load() {
		return secrets.ErrClosed
	}
	return err
}

// lookup asks for the names of id in order until one is found.
func lookup[T any](ctx context.Context, s *TextStore, kind secrets.Kind, id string, d decode[T]) (zero T, err error) {
	if s.closed.Load() {
		name, _ := s.names.first(kind, id)
		return zero, s.failure(kind, id, name, secrets.ErrClosed)
	}
	names, err := s.names.Names(kind, id)
	if err != nil {
		return zero, err
	}
	asked := ""
	var none error // a text that is no value
	for _, name := range names {
		asked = name
		text, err := s.fetch(ctx, name)
		if err == nil {
			v, err := decoded(s, kind, id, name, text, d)
			if secrets.ClassOf(err) == secrets.ErrNotFound {
				none = err
				continue // a team's blank connection is none, and the shared one counts
			}
			return v, err
		}
		if err = s.because(ctx, err); secrets.ClassOf(err) != secrets.ErrNotFound {
			return zero, s.failure(kind, id, name, err)
		}
	}
	if none != nil {
		return zero, none
	}
	return zero, s.failure(kind, id, asked, secrets.ErrNotFound)
}

func decoded[T any](s *TextStore, kind secrets.Kind, id, name, text string, d decode[T]) (zero T, err error) {
	switch {
	case len(text) > MaxText:
		err = fmt.Errorf("%w: the text has more than %d bytes", secrets.ErrMalformed, MaxText)
	case !utf8.ValidString(text):
		err = fmt.Errorf("%w: the text is not UTF-8", secrets.ErrMalformed)
	default:
		var v T
		if v, err = d(kind, id, text); err == nil {
			return v, nil
		}
	}
	return zero, s.failure(kind, id, name, err)
}

// failure tells the full name, once: what is inside an Error of the same lookup is taken out of it.
func (s *TextStore) failure(kind secrets.Kind, id, name string, err error) error {
	if e, ok := err.(*secrets.Error); ok && e.Kind == kind && e.ID == id {
		if e.StoreName != "" {
			return e
		}
		err = e.Err
	}
	return &secrets.Error{Op: "get", Kind: kind, ID: id, StoreName: s.names.full(name), Err: err}
}
