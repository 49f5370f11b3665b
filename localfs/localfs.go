// Package localfs reads connections, variables and configuration values from local files, as Airflow's
// LocalFilesystemBackend does, and from directories with one file per name, as Kubernetes and Docker mount secrets.
//
// # Names
//
// The name in the file is the id, as it is. The extension says how a file is read:
//
//	.env          one name=value a line, raw: no quotes, no export, no trimming. That is Airflow's dialect
//	.json         one object
//	.yaml, .yml   one mapping, with the types of YAML 1.1, as in Airflow
//
// A connection is a text in URI or JSON form, an object (in which extra may be called extra_dejson), or in .json and .yaml
// a list of these. In .env files an id may be repeated. All connections are kept, in the order of the file. A variable
// that is no text is returned as compact JSON. A config value is the same, but a list of one stands for its element.
// A blank connection and an empty list are none.
//
// In a directory each regular file is a name. Names that begin with two dots, and directories, are left out. One line end
// at the end of a value is not part of it (see Options.KeepFinalNewline); apart from that it is the content, byte for byte.
//
// # Changes
//
// A file is parsed once and read again when its size, time, mode or inode changes, symbolic links followed. It is looked
// at in the lookup that finds Options.Interval over: one stat. Where there is ..data, as in volumes of Kubernetes, all
// files of a directory come from one version of it; else each is looked at. A file is never seen half written, if its
// writer renames a complete one into place; nor, after the first look, if it writes in place without pausing for longer than
// 50 milliseconds.
//
// # Errors
//
//	no path given, or no such name                 ErrNotFound
//	the file is missing, or changing all the time  ErrUnavailable
//	this process may not read it; Private, and it
//	is world-readable                              ErrDenied
//	a mistake in it, or too large                  ErrMalformed, with file and line, and never a value
//
// A mistake in a new version of a file is logged and told by Check, while the last good version goes on answering, and so
// it is when the file goes missing; see Options.OnMistake. Without a last good version a mistake that concerns one name
// (a text that is no connection, a repeated variable) fails that name alone, and any other fails all. In a directory each
// file stands for itself. Nothing goes on answering after ErrDenied.
//
// # Permissions
//
// To read the files and to search their directories.
//
// # Cost
//
// A lookup is one of a map in memory, and of a connection the parsing of its text, which was checked when the file was read.
// In one lookup per interval a stat is added, and in one per change the reading.
package localfs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options say what is read, and how. Nil reads nothing: every name is not found.
type Options struct {
	// ConnectionsFile, VariablesFile and ConfigFile are paths. Blank: none. Relative ones are of the directory that is
	// current at each look.
	ConnectionsFile, VariablesFile, ConfigFile string
	// ConnectionsDir, VariablesDir and ConfigDir are paths of directories with one file per name, in place of a file.
	// All three may be the same; then a text that is no connection fails who looks it up as one, and neither Check nor
	// Logger tells of it. Blank: none.
	ConnectionsDir, VariablesDir, ConfigDir string

	// Interval is the least time between two looks at a file. 0: one second. Below 0: every lookup looks.
	Interval time.Duration
	// OnMistake says what a new version that cannot be used does. Zero: KeepLastGood.
	OnMistake Mistakes
	// Access says what is asked of the permissions of files. Zero: AnyAccess.
	Access Access
	// MaxSize is the greatest size of a file in bytes. 0: 64 MiB. A value in a directory is limited to backend.MaxText.
	MaxSize int64
	// Dotenv reads .env files in the conventional dialect, with quotes, comments, export and $NAME, and not in Airflow's.
	// Of a repeated name the last value counts, and a file is limited to 1 MiB.
	Dotenv bool
	// KeepFinalNewline makes the line end at the end of a file in a directory part of its value.
	KeepFinalNewline bool
	// Team is the service's team in a multi-team Airflow: name team___id goes before id, and ids that hold ___ are
	// refused. Blank: no teams.
	Team string
	// Logger gets a warning for a version that cannot be used and for a file that everybody can read. Nil: none.
	Logger *slog.Logger
}

// Mistakes says what happens when a version of a file cannot be used.
type Mistakes uint8

const (
	// KeepLastGood goes on with the last good version, logs the mistake and tells it in Check.
	KeepLastGood Mistakes = iota
	// FailFile fails every lookup in the file, whichever name the mistake is about, as Airflow does. In a directory it
	// fails the lookups of the file's name.
	FailFile
)

// Access says what is asked of the permissions of a file. On Windows nothing is asked.
type Access uint8

const (
	// AnyAccess asks nothing: volumes of Kubernetes are world-readable, within their container.
	AnyAccess Access = iota
	// WarnPublic logs a warning about files that everybody on the machine can read.
	WarnPublic
	// Private refuses files that everybody on the machine can read, with ErrDenied.
	Private
)

// Backend reads local files. It is safe for concurrent use and owns nothing to close.
type Backend struct {
	connections, variables, config *place // nil: none
	strict                         bool
	team                           string                                       // with the separator; blank: no teams
	scope                          func(secrets.Kind, string) ([]string, error) // nil: no teams
}

var (
	_ secrets.Backend      = (*Backend)(nil)
	_ secrets.ConfigGetter = (*Backend)(nil)
	_ secrets.Batcher      = (*Backend)(nil)
	_ secrets.Lister       = (*Backend)(nil)
	_ secrets.Checker      = (*Backend)(nil)
	_ secrets.Namer        = (*Backend)(nil)
)

// New makes a backend. It reads nothing. The error tells of a file with an extension other than .env, .json, .yaml and
// .yml, of a file and a directory for one kind, of a bad team name, or of a MaxSize below 0.
func New(opts *Options) (*Backend, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := backend.CheckTeam(o.Team); err != nil {
		return nil, err
	}
	if o.MaxSize < 0 {
		return nil, backend.Refused(errors.New("localfs: MaxSize is below 0: give bytes, or 0 for 64 MiB"))
	}
	b := &Backend{strict: o.OnMistake == FailFile, scope: backend.TeamScope(o.Team, teamSeparator, nil)}
	if o.Team != "" {
		b.team = o.Team + teamSeparator
	}
	for _, p := range []struct {
		into      **place
		kind      secrets.Kind
		file, dir string
	}{
		{&b.connections, secrets.KindConnection, o.ConnectionsFile, o.ConnectionsDir},
		{&b.variables, secrets.KindVariable, o.VariablesFile, o.VariablesDir},
		{&b.config, secrets.KindConfig, o.ConfigFile, o.ConfigDir},
	} {
		var err error
		if *p.into, err = newPlace(p.kind, p.file, p.dir, &o); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Backend) place(kind secrets.Kind) *place {
	switch kind {
	case secrets.KindConnection:
		return b.connections
	case secrets.KindVariable:
		return b.variables
	case secrets.KindConfig:
		return b.config
	}
	return nil
}

// Check looks at every file and tells what is wrong with the present versions, also where last good ones go on answering.
func (b *Backend) Check(ctx context.Context) error {
	var problems []error
	for _, p := range []*place{b.connections, b.variables, b.config} {
		if p == nil {
			continue
		}
		if err := p.check(ctx); err != nil {
			problems = append(problems, &secrets.Error{Op: "check", Kind: p.kind, Err: err})
		}
	}
	return join(problems)
}

// String names the places that are read, without a value.
func (b *Backend) String() string {
	return fmt.Sprintf("localfs.Backend(connections: %s, variables: %s, config: %s)", b.connections, b.variables, b.config)
}

// GoString is String.
func (b *Backend) GoString() string { return b.String() }
