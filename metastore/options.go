package metastore

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/fernet"
)

// Options says how a [Store] reads and writes. Nil is valid: no encryption, no team, silence.
type Options struct {
	// FernetKeys decrypt and encrypt, the newest first: every key reads, the first writes. None: values are written
	// plain, with one warning, and encrypted rows are malformed. [ParseFernetKeys] makes them of Airflow's fernet_key.
	FernetKeys []secrets.Secret

	// Team limits the store to the rows of one team and to those of none, in tables that have the column team_name
	// (Airflow 3.2 and later); new rows belong to it. Blank: teams are off, every row is seen, new rows belong to none.
	Team string

	// ClearDescriptions makes a write that gives no description erase the stored one, as Airflow does. Off: it is kept.
	ClearDescriptions bool

	// Pool bounds the connections of a store that a dialect's Open made. New leaves its database as it is.
	Pool Pool

	// CloseDB makes Close close the database too. Own sets it; with New the database is the caller's to close.
	CloseDB bool

	// Logger gets warnings, with names and never values. Nil: silent.
	Logger *slog.Logger

	// Now dates new tokens. Nil: the clock.
	Now func() time.Time
}

// Pool bounds the connections that a store holds. Zero fields mean the defaults.
type Pool struct {
	MaxOpen     int           // connections at most; 0: 10. A SQLite database in memory always has one
	MaxIdle     int           // of which idle; 0: as many as MaxOpen
	MaxLifetime time.Duration // a connection is replaced after this; 0: 30 minutes
	MaxIdleTime time.Duration // an idle connection is closed after this; 0: 5 minutes
}

// ParseFernetKeys splits Airflow's setting fernet_key, keys separated by commas with the newest first, for
// [Options.FernetKeys]. A blank setting is no key. Whether each is a key is checked by New.
func ParseFernetKeys(setting secrets.Secret) []secrets.Secret {
	if strings.TrimSpace(setting.Reveal()) == "" {
		return nil
	}
	var keys []secrets.Secret
	for key := range strings.SplitSeq(setting.Reveal(), ",") {
		keys = append(keys, secrets.NewSecret(strings.TrimSpace(key)))
	}
	return keys
}

// validated returns a copy of o, never nil, and its keys prepared: nil where there is none.
func (o *Options) validated() (Options, *fernet.Ring, error) {
	if o == nil {
		return Options{}, nil, nil
	}
	if err := backend.CheckTeam(o.Team); err != nil {
		return Options{}, nil, fmt.Errorf("metastore: Options.Team: %w", err)
	}
	if len(o.FernetKeys) == 0 {
		return *o, nil, nil
	}
	keys := make([]string, len(o.FernetKeys))
	for i, key := range o.FernetKeys {
		keys[i] = key.Reveal()
	}
	ring, err := fernet.New(keys...)
	if err != nil {
		return Options{}, nil, fmt.Errorf("metastore: Options.FernetKeys: %w", err)
	}
	return *o, ring, nil
}

func (o *Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o *Options) warn(message string, args ...any) {
	if o.Logger != nil {
		o.Logger.Warn("metastore: "+message, args...)
	}
}
