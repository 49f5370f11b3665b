package vault

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options say where secrets are and, for [Open], how to reach the server and log in. Nil and the zero Options are Airflow's
// defaults. They are copied, but not what they point to, which must not change.
type Options struct {
	// Mount is where the key/value engine is mounted. "": secret.
	Mount string
	// MountFromID takes the mount from the id, whose part before the first slash it is. Mount must be blank.
	MountFromID bool
	// KVVersion is the engine's version, 1 or 2. 0: 2.
	KVVersion int
	// Connections, Variables and Config are the paths of the three kinds in the engine.
	// Zero: connections, variables and config.
	Connections, Variables, Config backend.Prefix
	// ConnectionsPattern, VariablesPattern and ConfigPattern limit which ids are looked up. Zero: every id.
	ConnectionsPattern, VariablesPattern, ConfigPattern backend.Pattern

	// Teams says how the secrets of several teams are told apart. Zero: there are no teams.
	Teams Teams

	// What follows is for Open; New takes a client that has it all.

	// Address is the server's URL. "": VAULT_ADDR, else http://localhost:8200.
	Address string
	// Namespace is Vault's or OpenBao's namespace. "": VAULT_NAMESPACE, else the root.
	Namespace string
	// Login obtains tokens. [AppRole], [UserPass], [Kubernetes] and so on are such; so are the vendor's own.
	// One with a method Validate() error is asked at once whether it is complete.
	// Nil: Token{}, which is the token in VAULT_TOKEN.
	Login api.AuthMethod
	// TLS says which servers are trusted, and which certificate is shown to them. CACert may be a folder too.
	// Nil: VAULT_CACERT and so on.
	TLS *api.TLSConfig
	// Proxies are URLs of proxies, which may hold a password, by the scheme of the server's address, "http" and "https".
	// Nil: VAULT_PROXY_ADDR, else HTTPS_PROXY and so on.
	Proxies map[string]secrets.Secret
	// Timeout bounds one request with its repetitions, and one login, besides the caller's context.
	// 0: VAULT_CLIENT_TIMEOUT, else 30 s.
	Timeout time.Duration
	// Retries is how often a request is repeated that failed in a way that may pass. 0: VAULT_MAX_RETRIES, else 3;
	// negative: never.
	Retries int
	// NoRedirects refuses to follow a standby's redirection to the active server.
	NoRedirects bool
}

// Teams separates the secrets of teams (specification, lookup §8). The zero Teams means that there are none.
type Teams struct {
	// Enabled says that ids belong to teams even where this service belongs to none. Team implies it.
	Enabled bool
	// Team is the team of this service: its id x is first looked up as connections/Team/x. "": none.
	Team string
	// NoTeamPath leaves the team's own path out: only the shared secrets are looked up.
	NoTeamPath bool
	// SharedPath is put before the ids that all teams share: connections/SharedPath/x. "": none, and ids with a slash
	// are refused, since such an id could spell another team's path.
	SharedPath string
}

func (t *Teams) on() bool { return t.Enabled || t.Team != "" }

const (
	defaultMount   = "secret"
	defaultAddress = "http://localhost:8200"
	defaultTimeout = 30 * time.Second
	defaultRetries = 3
)

func (o *Options) mount() string {
	if o.Mount == "" {
		return defaultMount
	}
	return strings.Trim(o.Mount, "/")
}

func (o *Options) kvVersion() int {
	if o.KVVersion == 0 {
		return 2
	}
	return o.KVVersion
}

// validate reports everything wrong at once. It shows no value that may be a secret.
func (o *Options) validate() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf("vault: "+format, args...)) }
	if o.KVVersion < 0 || o.KVVersion > 2 {
		refuse("the engine's version is %d, it must be 1 or 2", o.KVVersion)
	}
	if o.MountFromID && o.Mount != "" {
		refuse("a mount is given, and it is to be taken from the id too")
	}
	if m := o.mount(); !o.MountFromID && (path.Clean(m) != m || strings.HasPrefix(m, "..")) {
		refuse("the mount %q is not a path such as secret or team/kv", o.Mount)
	}
	if err := backend.CheckTeam(o.Teams.Team); err != nil {
		refuse("%w", err)
	}
	if s := o.Teams.SharedPath; s != "" && (s == o.Teams.Team || path.Clean(s) != s || s[0] == '/' || s[0] == '.') {
		refuse("the path of shared secrets %q is not a path of its own, such as global", s)
	}
	if o.Address != "" && !isAddress(o.Address) {
		refuse("the address is not a URL such as https://vault.example.com:8200 without user and password")
	}
	if o.Timeout < 0 {
		refuse("the time-out is negative")
	}
	if t := o.TLS; t != nil && (t.ClientCert == "") != (t.ClientKey == "") {
		refuse("a client certificate needs both its certificate and its key")
	}
	for scheme, proxy := range o.Proxies {
		if scheme != "http" && scheme != "https" {
			refuse("there are proxies for the schemes http and https only")
		} else if u, err := url.Parse(proxy.Reveal()); err != nil || u.Host == "" {
			refuse("the proxy for %s is not a URL such as http://proxy.example.com:3128", scheme)
		}
	}
	if v, ok := o.Login.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			refuse("%w", err)
		}
	}
	return backend.Refused(errors.Join(problems...))
}

// isAddress is strict about credentials in a URL: the server takes none, and they would show in errors.
func isAddress(address string) bool {
	if strings.HasPrefix(address, "unix:///") {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
}
