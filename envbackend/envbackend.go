// Package envbackend reads connections and variables from environment variables, as Airflow does, or from a .env file in
// the conventional dialect.
//
// # Names
//
// The prefix and the id in upper case, by Unicode's rules: connection my_db is AIRFLOW_CONN_MY_DB, variable hello is
// AIRFLOW_VAR_HELLO. Nothing else is changed, so my-db needs a variable AIRFLOW_CONN_MY-DB, which containers can have
// and most shells cannot export; see Options.Fallback. Ids that differ only in case share a variable.
//
// # Errors
//
//	unset, or a blank connection         ErrNotFound
//	text that is no connection, or not
//	in UTF-8                             ErrMalformed
//	an id that could spell a team        ErrDenied (with Options.Team only)
//	the file has a mistake               ErrMalformed, with its line, until there is a good version; then that one answers
//	the file is missing, or changing     ErrUnavailable, the same
//	the file must not be read            ErrDenied
//
// # Permissions
//
// None for the environment; to read the file.
//
// # Cost
//
// A lookup in the environment is one os.LookupEnv and at most one allocation, for its name. The file is read when it changes; it
// is looked at once per interval, in the lookup that finds the interval over.
package envbackend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options change what is read. Nil and zero are Airflow's way.
type Options struct {
	// Connections and Variables are the prefixes of names, as they are: there is no separator, and no change of case.
	// Zero: AIRFLOW_CONN_ and AIRFLOW_VAR_. backend.Off: the kind is not looked up.
	Connections, Variables backend.Prefix
	// Config is the prefix of configuration values. Zero or backend.Off: none are looked up, as in Airflow, and
	// GetConfig fails with errors.ErrUnsupported.
	Config backend.Prefix
	// Fallback looks further, where a name is not set, for the one with _ in place of each character that shells do not
	// allow: AIRFLOW_CONN_MY_DB for my-db. Then my-db, my.db and my_db may be one.
	Fallback bool
	// Team is the service's team in a multi-team Airflow: AIRFLOW_CONN__TEAM___MY_DB goes before AIRFLOW_CONN_MY_DB, and
	// ids that hold ___ are refused. Blank: no teams.
	Team string

	// File is the path of a .env file that is read instead of the environment. Quotes, comments, export and $NAME (of an
	// earlier line) are understood, and a repeated name has its last value. Blank: the environment.
	File string
	// Interval is the least time between two looks at the file. 0: one second. Below 0: every lookup looks.
	Interval time.Duration
	// Logger gets a warning when a new version of the file cannot be used. Nil: none.
	Logger *slog.Logger

	// Lookup is read instead of the environment. Nil: os.LookupEnv. It is safe for concurrent use.
	Lookup func(name string) (value string, ok bool)
	// Environ lists what Lookup finds, as NAME=value, like os.Environ. Nil beside a Lookup: List fails with
	// errors.ErrUnsupported. Not used without a Lookup.
	Environ func() []string
}

// Backend reads environment variables at lookup time. It is safe for concurrent use and owns nothing to close.
type Backend struct {
	connections, variables, config prefix
	team                           string // in upper case, with what is around it
	scope                          func(secrets.Kind, string) ([]string, error)
	fallback                       bool
	simple                         bool // one name per id
	env                            source
	file                           *file // instead of env; nil: none
}

var (
	_ secrets.Backend      = (*Backend)(nil)
	_ secrets.ConfigGetter = (*Backend)(nil)
	_ secrets.Batcher      = (*Backend)(nil)
	_ secrets.Lister       = (*Backend)(nil)
	_ secrets.Checker      = (*Backend)(nil)
	_ secrets.Namer        = (*Backend)(nil)
)

// New makes a backend. It reads nothing. The error tells of options that contradict each other or a bad team name.
func New(opts *Options) (*Backend, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := backend.CheckTeam(o.Team); err != nil {
		return nil, err
	}
	if o.File != "" && o.Lookup != nil {
		return nil, backend.Refused(errors.New("envbackend: File and Lookup are both given: one of them is the source"))
	}
	b := &Backend{
		connections: newPrefix(o.Connections, "AIRFLOW_CONN_"),
		variables:   newPrefix(o.Variables, "AIRFLOW_VAR_"),
		fallback:    o.Fallback,
		simple:      !o.Fallback && o.Team == "",
		env:         process,
	}
	if !o.Config.IsZero() {
		b.config = newPrefix(o.Config, "")
	}
	if o.Team != "" {
		var seen func(id string) string
		if o.Fallback { // after upper-casing, which makes several letters of some
			seen = func(id string) string { return shellName(string(appendUpper(nil, id))) }
		}
		b.scope = backend.TeamScope(o.Team, teamSeparator, seen)
		b.team = "_" + string(appendUpper(nil, o.Team)) + teamSeparator
	}
	if o.File != "" {
		b.file = newFile(o.File, cmp.Or(o.Interval, time.Second), o.Logger)
	}
	if o.Lookup != nil {
		b.env = source{lookup: o.Lookup, environ: o.Environ}
	}
	return b, nil
}

// Check tells whether the file can be read and has no mistake; of the environment there is nothing to check.
func (b *Backend) Check(ctx context.Context) error {
	if b.file == nil {
		return ctx.Err()
	}
	if err := b.file.check(ctx); err != nil {
		return &secrets.Error{Op: "check", Err: err}
	}
	return nil
}

// String names the source, without a value.
func (b *Backend) String() string {
	if b.file != nil {
		return fmt.Sprintf("envbackend.Backend(%s)", b.file.path)
	}
	return "envbackend.Backend"
}

// GoString is String.
func (b *Backend) GoString() string { return b.String() }
