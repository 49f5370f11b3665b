// Package airflowcfg opens the chain that a running Airflow resolves its connections and variables with, from
// Airflow's own configuration: the file airflow.cfg and the AIRFLOW__SECTION__OPTION variables. [Open] is all that a
// program beside Airflow needs; [Describe] tells a person why the chain looks as it does.
//
// The program imports the packages of the stores it may meet, or backend/all for every one:
//
//	import (
//		"github.com/secretchain/secrets/airflowcfg"
//		_ "github.com/secretchain/secrets/backend/all"
//	)
//
// # Search path
//
// The custom backend if [secrets] backend is set, then environment variables, then the metastore if [database]
// sql_alchemy_conn (before Airflow 2.3: [core]) is set. [secrets] backends_order changes the order. Layers are named as
// their drivers: "vault", "env", "metastore".
//
// # Where options come from
//
// In this order, the first that is there wins (specification, lookup §5.2): AIRFLOW__S__K, AIRFLOW__S__K_CMD,
// AIRFLOW__S__K_SECRET, then in the file k, k_cmd, k_secret under [s], then the default. Commands and secrets are for
// sensitive options alone: backend_kwargs, sql_alchemy_conn and fernet_key. A _secret is asked of the custom backend at
// the first lookup that reaches the metastore, because opening does no network I/O.
//
// The file is read as Airflow reads it: as Python's configparser, and options keep their case, which is lower for all
// that are read here. $VAR, ${VAR} and a leading ~ are put into values again and again until nothing changes, but not
// into backend_kwargs (see Options.ExpandKwargs), where passwords have a $ of their own.
//
// # Differences from Airflow
//
// Malformed or unknown arguments, unknown names in backends_order, and options under a misspelt section are errors when
// the chain is opened; Airflow goes on without them. docs/differences.md lists every case, docs/airflow.md says what
// becomes of each option.
package airflowcfg

import (
	"context"
	"path/filepath"

	"github.com/secretchain/secrets"
)

// Options says where the configuration is. Nil is valid, and so is every zero field.
type Options struct {
	// Path is the file. "": $AIRFLOW_CONFIG, else $AIRFLOW_HOME/airflow.cfg, else ~/airflow/airflow.cfg.
	// A missing file is not an error: the environment and the defaults remain.
	Path string
	// Environ looks variables up: those of the configuration, what $VAR and ~ stand for, and, if the env store can be
	// given one, the AIRFLOW_CONN_ and AIRFLOW_VAR_ variables. What else a store reads, such as VAULT_ADDR, and what a
	// command sees is the process's own environment. It must be safe for concurrent use. Nil: os.LookupEnv.
	Environ func(string) (string, bool)
	// Chain is used for what the configuration leaves open. The configuration has a say in Cache alone. Its Logger gets the
	// stores' warnings too.
	Chain *secrets.Options
	// AllowCommands lets options that end in _CMD run programs. Off: they are refused with an error that says so.
	AllowCommands bool
	// ExpandKwargs puts $VAR, ${VAR} and a leading ~ into backend_kwargs too, as Airflow does.
	ExpandKwargs bool
	// Worker reads the [workers] section first, as the workers of Airflow 3 do: its secrets_backend, else that of
	// [secrets] with its arguments, and its backends_order. The Execution API is no store of ours: in its place the
	// metastore is asked, if sql_alchemy_conn is set.
	Worker bool
}

// Open opens the chain that the configuration asks for. It reads the file and runs the commands that AllowCommands
// allows, within ctx, and does no network I/O. Close of the chain closes everything.
//
// A mistake in the configuration is an [Error] that tells the file and line, or the variable. A backend whose package
// is not imported is an error that names the import to add.
func Open(ctx context.Context, opts *Options) (*secrets.Chain, error) {
	if opts == nil {
		opts = &Options{}
	}
	c, err := load(opts)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(ctx, c, opts)
	if err != nil {
		return nil, err
	}
	return p.open(ctx)
}

// load finds and reads the file. With an error the config has what is known so far.
func load(opts *Options) (*config, error) {
	c := &config{env: newEnvironment(opts.Environ), allowCommands: opts.AllowCommands, expandKwargs: opts.ExpandKwargs}
	var err error
	if c.path, err = findFile(opts.Path, c.env); err != nil {
		return c, err
	}
	if c.file, err = readFile(c.path); err != nil {
		return c, err
	}
	return c, c.checkNames()
}

// findFile returns the path of the file, which need not be there.
func findFile(path string, env environment) (string, error) {
	if path != "" {
		return path, nil
	}
	for _, at := range [...]struct{ variable, file string }{{"AIRFLOW_CONFIG", ""}, {"AIRFLOW_HOME", "airflow.cfg"}} {
		if text := env.get(at.variable); text != "" {
			dir, err := env.expand(text)
			if err != nil {
				return "", &Error{Source: Source{Env: at.variable}, Err: malformed(err)}
			}
			return filepath.Join(dir, at.file), nil
		}
	}
	return filepath.FromSlash(env.tilde("~/airflow/airflow.cfg")), nil
}
