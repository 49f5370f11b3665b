package airflowcfg

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/secretchain/secrets/backend"
)

// Description is what a person needs to see why a chain looks as it does: what was read from where, and what follows.
// It holds no value of an option that may hold a secret. Print it, or use its fields.
type Description struct {
	Path    string // the file
	Found   bool   // whether it is there
	Options []Option
	Layers  []Layer
	Cache   time.Duration // how long what was found is kept; 0: not at all
	Notes   []string      // what is set and has no effect
}

// Option is one option that was read.
type Option struct {
	Name   string   // "[secrets] backend"
	Value  string   // *** for an option that may hold a secret, with the arguments that it sets, and for what is no list of words
	Source Source   // where the value is from
	From   string   // "command" or "secret" where Source tells only how to get the value, else ""
	Hidden []Source // what is set too, and hidden by Source
}

// Layer is one step of the search path.
type Layer struct {
	Step    string // its name in backends_order
	Name    string // of the layer in the chain; "" if skipped
	Backend string // the driver or class path it is opened with; "" if skipped, or no single word
	Reason  string // why it is there, or is not
}

// Describe tells what Open would do with the same options. It runs no command and opens no backend, so it does not see
// mistakes in their arguments. With an error it still describes what could be read; it is never nil.
func Describe(ctx context.Context, opts *Options) (*Description, error) {
	if opts == nil {
		opts = &Options{}
	}
	c, err := load(opts)
	if err != nil {
		return &Description{Path: c.path, Found: c.file != nil}, err
	}
	p, err := newPlan(ctx, c, opts)
	return p.describe(ctx), err
}

// note records that an option was read.
func (p *plan) note(o *option) {
	if !slices.Contains(p.read, o) {
		p.read = append(p.read, o)
	}
}

func (p *plan) describe(ctx context.Context) *Description {
	d := &Description{Path: p.path, Found: p.file != nil}
	for _, o := range p.read {
		d.Options = append(d.Options, p.describeOption(ctx, o))
		if o == p.kwargs {
			d.Options = append(d.Options, p.describeArguments(ctx)...)
		}
	}
	for _, s := range p.steps {
		l := Layer{Step: s.name, Reason: s.reason}
		if !s.skipped {
			l.Name = s.layer
			if isWord(s.driver) {
				l.Backend = s.driver
			}
		}
		d.Layers = append(d.Layers, l)
	}
	if p.chain.Cache != nil {
		d.Cache = p.chain.Cache.TTL
	}
	d.Notes = append(slices.Clone(p.notes), p.idle()...)
	return d
}

func (p *plan) describeOption(ctx context.Context, o *option) Option {
	d := Option{Name: o.String(), Value: printable(o.def)}
	for i, at := range p.standing(o) {
		if i > 0 {
			d.Hidden = append(d.Hidden, at.source)
			continue
		}
		d.Name, d.Source, d.From = at.opt.String(), at.source, [...]string{"", "command", "secret"}[at.how]
		text, err := p.text(&at)
		switch {
		case err != nil:
			d.Value = "cannot be read"
		case !o.sensitive && isWords(text):
			d.Value = printable(text)
		case o == p.kwargs && at.how == isText:
			d.Value = "***" + p.argumentsIn(ctx, text)
		default:
			d.Value = "***"
		}
	}
	return d
}

// argumentsIn lists the arguments that kwargs set, as far as the backend knows them: an unknown name may be anything.
func (p *plan) argumentsIn(ctx context.Context, kwargs string) string {
	var object map[string]json.RawMessage
	driver, ok := backend.Lookup(p.backend.text)
	if !ok || json.Unmarshal([]byte(kwargs), &object) != nil {
		return ""
	}
	names := slices.DeleteFunc(driver.Arguments(ctx), func(name string) bool { return object[name] == nil })
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func (p *plan) describeArguments(ctx context.Context) (options []Option) {
	_, variables, _ := p.arguments(ctx) // the error is Open's to report
	for _, name := range variables {
		_, key, _ := strings.Cut(name, "_KWARG__")
		options = append(options, Option{Name: p.kwargs.String() + " " + strings.ToLower(key), Value: "***", Source: Source{Env: name}})
	}
	return options
}

// isWords reports whether text is blank, or words between commas.
func isWords(text string) bool {
	for word := range strings.SplitSeq(text, ",") {
		if word = trim(word); word != "" && !isWord(word) {
			return false
		}
	}
	return true
}

// printable is a value on one line, and not too long a one.
func printable(text string) string {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` || text == "" {
		return quoted
	}
	return text
}

// String is what WriteTo writes.
func (d *Description) String() string {
	var b strings.Builder
	_, _ = d.WriteTo(&b)
	return b.String()
}

// WriteTo writes the description for a person to read.
func (d *Description) WriteTo(w io.Writer) (int64, error) {
	n := &counter{w: w}
	file := d.Path
	switch {
	case file == "":
		file = "none"
	case !d.Found:
		file += " (not there)"
	}
	fmt.Fprintf(n, "Configuration file: %s\n\nOptions\n", file)
	t := tabwriter.NewWriter(n, 0, 0, 2, ' ', 0)
	for _, o := range d.Options {
		from := short(o.Source)
		if o.From != "" {
			from += " (a " + o.From + ")"
		}
		for i, hidden := range o.Hidden {
			from += [...]string{", hides ", ", "}[min(i, 1)] + short(hidden)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", o.Name, o.Value, from)
	}
	_ = t.Flush()
	fmt.Fprint(n, "\nSearch path\n")
	number := 0
	for _, l := range d.Layers {
		if l.Name == "" {
			fmt.Fprintf(t, "  -\t%s\tskipped\t%s\n", l.Step, l.Reason)
			continue
		}
		number++
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\n", number, l.Step, l.Name, l.Reason)
	}
	_ = t.Flush()
	kept := "off"
	if d.Cache > 0 {
		kept = d.Cache.String()
	}
	fmt.Fprintf(n, "\nCache: %s\n", kept)
	for _, note := range d.Notes {
		fmt.Fprintf(n, "Note: %s\n", note)
	}
	return n.written, n.err
}

// short is a source without the folder of the file, which the first line of the text tells.
func short(s Source) string {
	if s.File != "" {
		s.File = filepath.Base(s.File)
	}
	return s.String()
}

// counter counts what is written and stops at the first failure.
type counter struct {
	w       io.Writer
	written int64
	err     error
}

func (c *counter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.written += int64(n)
	c.err = err
	return n, err
}
