// Package redact keeps secrets out of logs that other people's code writes: a [Redactor] masks the secrets it has been
// told wherever they occur in a text, a stream, a log record or a panic. A chain tells it every secret that it reads:
//
//	r := redact.New(nil)
//	slog.SetDefault(slog.New(r.Handler(slog.NewJSONHandler(os.Stderr, nil))))
//	chain, err := secrets.NewChain(layers, &secrets.Options{Masker: r})
//
// It is the second line. The first is that this module prints no secret itself; see [secrets.Secret].
//
// # What is masked
//
// The password of every connection, raw, quoted, and percent-encoded as Python and Go do it for a path, a query and a
// login; every text in its extra, at any depth, whose name is sensitive; every variable whose name is sensitive, and what
// stands under such names in one that is JSON; every config value (specification, lookup §10). A name is sensitive if it
// holds one of Airflow's key words, such as password or token, or one of Options.Words. Values under five bytes are not
// masked, for half of every log would be stars; nor is the word airflow.
//
// # What is not
//
// A secret that is cut, reformatted or encoded in another way before it is logged. A secret that the program has not
// read yet. A secret that has been forgotten: see Options.MaxAge and Options.MaxSecrets. What is behind the first 64 KiB
// of a secret.
//
// # Cost
//
// Masking is linear in the text, whatever the number of secrets, and takes no lock. A text without a secret is returned
// as it is, without allocation. The secrets are held in memory, forty to sixty bytes for one of theirs.
package redact

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/secretchain/secrets"
)

// Options of a [Redactor]. Nil is valid, and so is every zero field.
type Options struct {
	Mask       string           // what stands in place of a secret; "": ***
	MinLength  int              // bytes of the shortest text that is masked; 0: 5
	Words      []string         // further key words that make a name sensitive; compared as names are: a-b, a b and A_B are one
	MaxSecrets int              // texts that are remembered, the oldest are forgotten first; 0: 20 000
	MaxAge     time.Duration    // a text that is not told again for so long is forgotten; 0: 24 hours
	Logger     *slog.Logger     // told once if a secret is too short to be masked; nil: silent
	Now        func() time.Time // the clock; nil: the system's
}

const (
	defaultMinLength  = 5
	defaultMaxSecrets = 20_000
	defaultMaxAge     = 24 * time.Hour
	// maxText bounds one text that is looked for: a longer secret is several.
	maxText = 4096
	// maxSecret bounds the part of one secret that is looked for at all.
	maxSecret = 64 << 10
)

// A Redactor masks the secrets it has been told. Make it with [New]; all methods are safe for concurrent use.
type Redactor struct {
	mask       string
	minLength  int
	words      []string
	maxSecrets int
	maxAge     time.Duration
	logger     *slog.Logger
	now        func() time.Time
	short      sync.Once

	index atomic.Pointer[index] // what is looked for; replaced as a whole, never changed

	mu    sync.Mutex                  // guards what follows: learning, not masking
	known func() map[string]time.Time // when each text was told; behind a func, which no printer and no dumper opens
	swept time.Time
}

var _ secrets.Masker = (*Redactor)(nil)

// New returns a Redactor that knows no secret yet.
func New(opts *Options) *Redactor {
	if opts == nil {
		opts = &Options{}
	}
	known := map[string]time.Time{}
	r := &Redactor{
		mask:       opts.Mask,
		minLength:  opts.MinLength,
		words:      sensitiveWords(opts.Words),
		maxSecrets: opts.MaxSecrets,
		maxAge:     opts.MaxAge,
		logger:     opts.Logger,
		now:        opts.Now,
		known:      func() map[string]time.Time { return known },
	}
	if r.mask == "" {
		r.mask = "***"
	}
	if r.minLength <= 0 {
		r.minLength = defaultMinLength
	}
	if r.maxSecrets <= 0 {
		r.maxSecrets = defaultMaxSecrets
	}
	if r.maxAge <= 0 {
		r.maxAge = defaultMaxAge
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.index.Store(&index{})
	return r
}

// Add makes a text of the program's own masked from now on, in every form that a password is. It is remembered like any
// other: tell it again before MaxAge is over. The empty text is never masked.
func (r *Redactor) Add(s secrets.Secret) { r.learn(forms(s.Reveal())...) }

// Text returns text with every secret in it masked; text itself where there is none.
func (r *Redactor) Text(text string) string {
	masked, _ := r.index.Load().replace(text, r.mask, 0, len(text))
	return masked
}

// Format prints the type alone, whatever the verb.
func (r *Redactor) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.Redactor") }

// learn remembers texts and makes what is new among them part of the index.
func (r *Redactor) learn(texts ...string) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []string
	for _, text := range pieces(texts) {
		if !r.worth(text) {
			continue
		}
		if _, ok := r.known()[text]; !ok {
			text = strings.Clone(text) // not a part of a greater text that it would keep alive
			fresh = append(fresh, text)
		}
		r.known()[text] = now
	}
	switch {
	case len(r.known()) > r.maxSecrets || now.Sub(r.swept) > r.maxAge/8:
		r.sweep(now)
		r.index.Store(newIndex(r.texts()))
	case len(fresh) > 0:
		r.index.Store(r.index.Load().with(fresh))
	}
}

// pieces cuts what is longer than maxText. Pieces share a byte with the next, so that one mask covers them all.
func pieces(texts []string) []string {
	var all []string
	for _, text := range texts {
		text = text[:min(len(text), maxSecret)]
		for len(text) > maxText {
			all = append(all, text[:maxText])
			text = text[max(0, min(maxText-1, len(text)-maxText)):]
		}
		all = append(all, text)
	}
	return all
}

// worth reports whether a text is masked at all.
func (r *Redactor) worth(text string) bool {
	if text == "" || strings.EqualFold(text, "airflow") {
		return false
	}
	if len(text) < r.minLength {
		if r.logger != nil {
			r.short.Do(func() {
				r.logger.Warn("redact: a secret is too short to be masked in logs; choose a longer one",
					slog.Int("minimum_bytes", r.minLength))
			})
		}
		return false
	}
	return true
}

// sweep forgets what is too old, and what is oldest of too many: an eighth more than has to go, so that the next ones
// do not each begin a sweep.
func (r *Redactor) sweep(now time.Time) {
	r.swept = now
	for text, told := range r.known() {
		if now.Sub(told) > r.maxAge {
			delete(r.known(), text)
		}
	}
	if len(r.known()) > r.maxSecrets {
		for _, text := range oldest(r.known(), len(r.known())-r.maxSecrets*7/8) {
			delete(r.known(), text)
		}
	}
}

func (r *Redactor) texts() []string {
	texts := make([]string, 0, len(r.known()))
	for text := range r.known() {
		texts = append(texts, text)
	}
	return texts
}
