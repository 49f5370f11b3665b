package gcpsm

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"cloud.google.com/go/auth"
	"google.golang.org/api/option"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options say where names live and how to log in. Nil is valid, and so is every zero field. Errors call the fields by the
// names of Airflow's arguments.
type Options struct {
	// Connections, Variables and Config are the prefixes of the three kinds. Zero: airflow-connections,
	// airflow-variables and airflow-config. Connections and Separator may hold letters, digits, - and _ only.
	Connections, Variables, Config backend.Prefix
	// ConnectionsPattern, VariablesPattern and ConfigPattern limit which ids are looked up. Zero: every id.
	ConnectionsPattern, VariablesPattern, ConfigPattern backend.Pattern
	// Separator stands between prefix and id. Nil: "-".
	Separator *string
	// Team is the team whose own secrets come first. "": no teams.
	Team string

	// Project holds the secrets: an id or a number. New needs it. Open, if it is "", takes the project of the
	// credentials: that of the last account of Impersonate; else for Application Default Credentials that of
	// GOOGLE_CLOUD_PROJECT or GCLOUD_PROJECT; else the one that the credentials name.
	Project string
	// Timeout bounds a call whose context has no deadline. 0: 30 s.
	Timeout time.Duration
	// Logger gets one warning for a prefix that can form no name. Nil: silent.
	Logger *slog.Logger

	// What follows is for Open. At most one of KeyFile, Key, CredentialsFile, CredentialsConfig and Credentials may be
	// given; without any, Application Default Credentials are used.

	// KeyFile is the path of a service account's key, in JSON.
	KeyFile string
	// Key is the content of such a file.
	Key secrets.Secret
	// CredentialsFile is the path of a credential configuration in JSON: that of workload identity federation, or any
	// other that Google's client knows. It names servers that are sent tokens: take it from nobody you do not trust.
	CredentialsFile string
	// CredentialsConfig is the content of such a file.
	CredentialsConfig secrets.Secret
	// Credentials are credentials of your own making.
	Credentials *auth.Credentials
	// Scopes are asked for. Nil: https://www.googleapis.com/auth/cloud-platform.
	Scopes []string
	// Impersonate is a chain of service accounts: each may act as the next, and the last is who reads the secrets.
	// Nil: the credentials read the secrets themselves.
	Impersonate []string
	// HTTPClient makes the requests for tokens. Nil: Google's own, which honours HTTPS_PROXY.
	HTTPClient *http.Client
	// ClientOptions are added to those of the service's client: an endpoint of your own, TLS, interceptors. They may
	// hold no credentials.
	ClientOptions []option.ClientOption
}

const (
	defaultTimeout = 30 * time.Second
	defaultScope   = "https://www.googleapis.com/auth/cloud-platform"
)

func (o *Options) orZero() *Options {
	if o == nil {
		return new(Options)
	}
	return o
}

func (o *Options) separator() string {
	if o.Separator == nil {
		return "-"
	}
	return *o.Separator
}

func (o *Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return defaultTimeout
	}
	return o.Timeout
}

func (o *Options) scopes() []string {
	if len(o.Scopes) == 0 {
		return []string{defaultScope}
	}
	return o.Scopes
}

// projectID is what a project may look like: an id, one with a domain in front, or a number.
var projectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

// validate refuses bad input without I/O.
func (o *Options) validate() error {
	if prefix, on := o.connections().Text(); on && !part(prefix+o.separator()) {
		return errors.New("connections_prefix and sep may hold letters, digits, - and _ only: Secret Manager has no other names")
	}
	if o.Project != "" && !projectID.MatchString(o.Project) {
		return errors.New("project_id is no project's id: give the id or the number alone")
	}
	if o.Timeout < 0 {
		return errors.New("the time-out is negative")
	}
	if err := backend.CheckTeam(o.Team); err != nil {
		return err
	}
	return o.validateCredentials()
}

func (o *Options) validateCredentials() error {
	given := 0
	for _, is := range []bool{o.KeyFile != "", !o.Key.IsZero(), o.CredentialsFile != "" || !o.CredentialsConfig.IsZero(), o.Credentials != nil} {
		if is {
			given++
		}
	}
	if given > 1 || o.CredentialsFile != "" && !o.CredentialsConfig.IsZero() {
		return errors.New("gcp_key_path, gcp_keyfile_dict and gcp_credential_config_file exclude each other: give one")
	}
	if !o.Key.IsZero() {
		if err := checkKey([]byte(o.Key.Reveal())); err != nil {
			return fmt.Errorf("gcp_keyfile_dict %w", err)
		}
	}
	if !o.CredentialsConfig.IsZero() {
		if _, err := credentialType([]byte(o.CredentialsConfig.Reveal())); err != nil {
			return fmt.Errorf("gcp_credential_config_file %w", err)
		}
	}
	for _, account := range o.Impersonate {
		if account == "" {
			return errors.New("impersonation_chain has a blank account")
		}
	}
	return nil
}
