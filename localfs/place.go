package localfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/filefail"
	"github.com/secretchain/secrets/internal/filewatch"
)

// place is where the names of one kind are: a file or a directory.
type place struct {
	kind secrets.Kind
	path string
	file *filewatch.Watch[*set]                             // nil: a directory
	dir  *filewatch.Watch[map[string]filewatch.Entry[*set]] // sets of one name
	// mixed: the directory is that of another kind, too, so that a text which is no connection was hardly meant as one.
	mixed bool
}

// format reads the text of a file.
type format func(text string, b *builder)

func newPlace(kind secrets.Kind, file, dir string, o *Options) (*place, error) {
	hasFile, hasDir := strings.TrimSpace(file) != "", strings.TrimSpace(dir) != ""
	p := &place{kind: kind, path: file}
	watch := filewatch.Options{Limit: cmp.Or(o.MaxSize, 64<<20), Every: cmp.Or(o.Interval, time.Second)}
	if log := o.Logger; log != nil {
		watch.Report = func(err error) {
			if p.expects(err) {
				return
			}
			log.Warn("a file of local secrets cannot be used as it is", slog.String("kind", kind.String()), slog.Any("error", filefail.Classed(err)))
		}
	}
	access := accessChecker(o.Access, o.Logger)
	switch {
	case hasFile && hasDir:
		return nil, backend.Refused(fmt.Errorf("localfs: a file and a directory of %ss are both given: use one", kind))
	case hasDir:
		p.path, watch.Limit = dir, backend.MaxText
		p.mixed = kind == secrets.KindConnection && slices.ContainsFunc([]string{o.VariablesDir, o.ConfigDir}, func(other string) bool {
			return other != "" && filepath.Clean(other) == filepath.Clean(dir)
		})
		p.dir = filewatch.Dir(dir, watch, func(name string, c filewatch.Content) (*set, error) {
			path := filepath.Join(dir, name)
			if err := access(path, c.Info); err != nil {
				return nil, err
			}
			return readValue(kind, path, name, c.Data, o.KeepFinalNewline)
		})
		return p, nil
	case hasFile:
		read := formatOf(file, o.Dotenv)
		if read == nil { // without the path: it may be a connection in the wrong place
			return nil, backend.Refused(fmt.Errorf("localfs: the file of %ss: its extension says how it is read, and must be .env, .json, .yaml or .yml", kind))
		}
		p.file = filewatch.File(file, watch, func(c filewatch.Content) (*set, bool, error) {
			if err := access(file, c.Info); err != nil {
				return nil, false, err
			}
			return readFile(kind, file, c.Data, read)
		})
		return p, nil
	}
	return nil, nil
}

// expects reports an error that is told to those alone who look the name up.
func (p *place) expects(err error) bool {
	_, malformed := errors.AsType[*fileError](err)
	return p.mixed && malformed
}

// formatOf returns what reads a file of that path, by its extension; nil for none.
func formatOf(path string, dotenv bool) format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".env":
		if dotenv {
			return readPlainEnv
		}
		return readAirflowEnv
	case ".json":
		return readJSON
	case ".yaml", ".yml":
		return readYAML
	}
	return nil
}

// readFile makes a set of a file's content.
func readFile(kind secrets.Kind, path string, data []byte, read format) (*set, bool, error) {
	b := newBuilder(kind, path)
	if !utf8.Valid(data) {
		b.broke(0, "the text is not UTF-8")
		return b.done()
	}
	read(string(data), b)
	return b.done()
}

// readValue makes a set of one name of the content of a file in a directory.
func readValue(kind secrets.Kind, path, name string, data []byte, keepNewline bool) (*set, error) {
	b := newBuilder(kind, path)
	b.expect(1)
	text := string(data)
	switch {
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		b.broke(0, "not a text in UTF-8")
	default:
		if !keepNewline {
			text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		}
		b.add(entry{key: name, text: text})
	}
	s, _, err := b.done()
	return s, err
}

// accessChecker returns what looks at the permissions of a file before it is used.
func accessChecker(access Access, log *slog.Logger) func(path string, info fs.FileInfo) error {
	return func(path string, info fs.FileInfo) error {
		if access == AnyAccess || runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
			return nil
		}
		if access == Private {
			return fmt.Errorf("%w: everybody on this machine can read %s (mode %#o): chmod o-r", secrets.ErrDenied, path, info.Mode().Perm())
		}
		if log != nil {
			log.Warn("everybody on this machine can read a file with secrets: chmod o-r", "path", path)
		}
		return nil
	}
}

// usable returns the error of a lookup in a version with err: none where a good one goes on answering.
func usable(err error, good, strict bool) error {
	if err == nil {
		return nil
	}
	if err = filefail.Classed(err); !good || strict || errors.Is(err, secrets.ErrDenied) {
		return err
	}
	return nil
}

// version is what a place holds at one moment.
type version struct {
	file   *set
	dir    map[string]filewatch.Entry[*set]
	strict bool
}

// now returns the version to answer from.
func (p *place) now(ctx context.Context, strict bool) (version, error) {
	if p.dir != nil {
		state, err := p.dir.Get(ctx)
		if err != nil {
			return version{}, err
		}
		return version{dir: state.Value, strict: strict}, usable(state.Err, state.Good != filewatch.None, strict)
	}
	state, err := p.file.Get(ctx)
	if err != nil {
		return version{}, err
	}
	return version{file: state.Value}, usable(state.Err, state.Good != filewatch.None, strict)
}

// holding returns the set that name would be in, nil for none.
func (v version) holding(name string) (*set, error) {
	if v.dir == nil {
		if bad := v.file.bad[name]; bad != nil {
			return nil, bad
		}
		return v.file, nil
	}
	entry, ok := v.dir[name]
	if !ok {
		return nil, nil
	}
	return entry.Value, usable(entry.Err, entry.Good, v.strict)
}

// value returns what is under name.
func (v version) value(name string) (of value, found bool, err error) {
	s, err := v.holding(name)
	if err != nil || s == nil {
		return value{}, false, err
	}
	text, found := s.texts[name]
	return value{text, s.more[name]}, found, nil
}

// check tells what is wrong with the present version.
func (p *place) check(ctx context.Context) error {
	if p.file != nil {
		state, err := p.file.Get(ctx)
		if err != nil {
			return err
		}
		return filefail.Classed(state.Err)
	}
	state, err := p.dir.Get(ctx)
	if err != nil {
		return err
	}
	if state.Err != nil {
		return filefail.Classed(state.Err)
	}
	var problems []error
	for _, entry := range state.Value {
		if entry.Err != nil && !p.expects(entry.Err) {
			problems = append(problems, filefail.Classed(entry.Err))
		}
	}
	return join(problems)
}

// String is the path, or none.
func (p *place) String() string {
	if p == nil {
		return "none"
	}
	return p.path
}
