package airflowcfg

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/secretchain/secrets"
)

// option is one option of Airflow that has a say in the chain.
type option struct {
	section, key string
	before       *option // the section and key that older releases use; asked after this one, source by source
	sensitive    bool    // may come from a command or a secret, and is never shown
	whole        bool    // $VAR and ~ are left alone (specification, lookup §5.2)
	own          bool    // configures the backend that _secret would ask
	def          string
	// isValue recognises a value that stands where the name of a secret belongs. Nil: nothing does.
	isValue func(string) bool
}

func (o *option) String() string { return "[" + o.section + "] " + o.key }

// variable is the name of the environment variable that sets o.
func (o *option) variable() string {
	return "AIRFLOW__" + strings.ToUpper(strings.ReplaceAll(o.section, ".", "_")+"__"+o.key)
}

// The options of specification, lookup §5.1 that concern a chain.
var (
	optBackend       = &option{section: "secrets", key: "backend"}
	optKwargs        = &option{section: "secrets", key: "backend_kwargs", sensitive: true, whole: true, own: true}
	optOrder         = &option{section: "secrets", key: "backends_order", def: "custom,environment_variable,metastore"}
	optUseCache      = &option{section: "secrets", key: "use_cache", def: "False"}
	optCacheTTL      = &option{section: "secrets", key: "cache_ttl_seconds", def: "900"}
	optWorkerBackend = &option{section: "workers", key: "secrets_backend"}
	optWorkerKwargs  = &option{section: "workers", key: "secrets_backend_kwargs", sensitive: true, whole: true, own: true}
	optWorkerOrder   = &option{section: "workers", key: "backends_order", def: "custom,environment_variable,execution_api"}
	optFernetKey     = &option{section: "core", key: "fernet_key", sensitive: true, isValue: isFernetKey}
	optMultiTeam     = &option{section: "core", key: "multi_team", def: "False"}
	optDatabase      = &option{section: "database", key: "sql_alchemy_conn", sensitive: true, isValue: isURL,
		before: &option{section: "core", key: "sql_alchemy_conn", sensitive: true, isValue: isURL}}
)

// isWord reports whether text is one word, as class paths, the names in backends_order, numbers and booleans are. Other
// text may hold what is not for showing: a line that is indented by mistake makes the next option part of a value.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, isSpace) && !strings.ContainsAny(text, `=:{}"'#,`)
}

func isURL(text string) bool { return strings.Contains(text, "://") }

func isFernetKey(text string) bool {
	for key := range strings.SplitSeq(text, ",") {
		if b, err := base64.URLEncoding.DecodeString(strings.TrimSpace(key)); err == nil && len(b) == 32 {
			return true
		}
	}
	return false
}

// how tells what the text of a candidate is.
type how uint8

const (
	isText    how = iota
	isCommand     // prints the value
	isSecret      // the name under which the custom backend's GetConfig has the value
)

// suffixes are what keys in the file end in, by how; variables end in the same in upper case.
var suffixes = [...]string{isText: "", isCommand: "_cmd", isSecret: "_secret"}

// forms are the ways in which o can be set, in the order of their ranks.
func (o *option) forms() []how {
	if o.sensitive {
		return []how{isText, isCommand, isSecret}
	}
	return []how{isText}
}

// candidate is one place that sets an option.
type candidate struct {
	opt    *option // the one asked for, or the one it had before
	how    how
	source Source
	raw    string // of a variable: its text. Of a file: nothing, see config.text
	key    string // of a file: the key with its suffix
}

// config is a file and an environment, read but not yet resolved.
type config struct {
	path          string // of the file, whether or not it is there
	file          *file
	env           environment
	allowCommands bool
	expandKwargs  bool
}

// candidates lists the places that set o, in the ranks of specification, lookup §5.2.
func (c *config) candidates(o *option) []candidate {
	var found []candidate
	generations := []*option{o}
	if o.before != nil {
		generations = append(generations, o.before)
	}
	for _, o := range generations {
		for _, h := range o.forms() {
			name := o.variable() + strings.ToUpper(suffixes[h])
			if raw, ok := c.env.lookup(name); ok {
				found = append(found, candidate{opt: o, how: h, source: Source{Env: name}, raw: raw})
			}
		}
	}
	for _, h := range o.forms() {
		for _, o := range generations {
			key := o.key + suffixes[h]
			if e, ok := c.file.entry(o.section, key); ok {
				found = append(found, candidate{opt: o, how: h, source: Source{File: c.file.path, Line: e.line}, key: key})
			}
		}
	}
	return found
}

// value is an option's value and where it is from.
type value struct {
	text   string
	opt    *option // the one asked for, or the one it had before
	source Source  // zero: the default
}

func (v value) isDefault() bool { return v.source == Source{} }

// errDeferred is what a getConfig answers to have the option resolved later.
var errDeferred = errors.New("deferred")

// getConfig reads a configuration value from the custom backend.
type getConfig func(ctx context.Context, key string) (string, error)

// resolve finds the value of o: that of the highest rank that has one. ask is nil where there is no custom backend:
// names of secrets are then passed over. Errors are of type *Error, but for errDeferred.
func (c *config) resolve(ctx context.Context, o *option, ask getConfig) (value, error) {
	var absent *candidate
	for _, at := range c.candidates(o) {
		text, err := c.text(&at)
		if err == nil && at.how == isCommand {
			text, err = c.output(ctx, text)
		}
		if err == nil && at.how == isSecret {
			text, err = askFor(ctx, &at, text, ask)
		}
		switch {
		case errors.Is(err, errDeferred):
			return value{}, errDeferred
		case errors.Is(err, errNoSecret):
			absent = &at
		case err != nil:
			return value{}, at.fail(err)
		case ask == nil && at.how == isSecret: // nobody to ask
		case text == "" && at.how != isText && at.source.Env == "": // a blank answer to a file's _cmd or _secret is none
		default:
			return value{text, at.opt, at.source}, nil
		}
	}
	if absent != nil {
		return value{}, absent.fail(fmt.Errorf("%w: %w", secrets.ErrUnavailable, errNoSecret))
	}
	return value{text: o.def, opt: o}, nil
}

// text is what stands at a candidate, with what it refers to put in.
func (c *config) text(at *candidate) (string, error) {
	text := at.raw
	if at.source.Env == "" {
		var err error
		if text, _, _, err = c.file.get(at.opt.section, at.key); err != nil {
			return "", malformed(err)
		}
	}
	if !utf8.ValidString(text) {
		return "", malformed(errors.New("the value is not UTF-8 text"))
	}
	if at.how != isText || at.opt.whole && !c.expandKwargs {
		return text, nil
	}
	text, err := c.env.expand(text)
	if err != nil {
		return "", malformed(err)
	}
	return text, nil
}

func (at *candidate) fail(err error) error {
	return &Error{Source: at.source, Option: at.opt.String(), Err: err}
}

// fail makes the error of an option's value.
func (v value) fail(err error) error {
	return &Error{Source: v.source, Option: v.opt.String(), Err: err}
}

func malformed(err error) error { return fmt.Errorf("%w: %w", secrets.ErrMalformed, err) }

// classed begins with the class that package backend gave the error.
func classed(err error) error { return fmt.Errorf("%w: %w", secrets.ClassOf(err), err) }
