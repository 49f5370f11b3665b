package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/pytls"
)

func init() {
	backend.Register(backend.Driver{Name: "vault", ClassPaths: backend.ClassPaths("vault"), Open: backend.Opener(open)})
}

// kwargs are Airflow's arguments (specification, backends §6).
type kwargs struct {
	ConnectionsPath    backend.Prefix            `json:"connections_path"`
	VariablesPath      backend.Prefix            `json:"variables_path"`
	ConfigPath         backend.Prefix            `json:"config_path"`
	ConnectionsPattern backend.Pattern           `json:"connections_lookup_pattern"`
	VariablesPattern   backend.Pattern           `json:"variables_lookup_pattern"`
	ConfigPattern      backend.Pattern           `json:"config_lookup_pattern"`
	UseTeamSecretsPath *bool                     `json:"use_team_secrets_path"`
	GlobalSecretsPath  string                    `json:"global_secrets_path"`
	Mount              mountPoint                `json:"mount_point"`
	KVVersion          *int                      `json:"kv_engine_version"`
	URL                string                    `json:"url"`
	Namespace          string                    `json:"namespace"`
	Verify             verify                    `json:"verify"`
	Cert               certificate               `json:"cert"`
	Proxies            map[string]secrets.Secret `json:"proxies"`
	Timeout            *float64                  `json:"timeout"`
	AllowRedirects     *bool                     `json:"allow_redirects"`
	AuthType           string                    `json:"auth_type"`
	LoginArguments
}

// KwargHints names what cannot be taken over.
func (*kwargs) KwargHints() map[string]string {
	return map[string]string{
		"session":             "a Python object; give proxies, verify, cert and timeout",
		"cache_approle_token": "an open proposal in Airflow; here all lookups of a process share one token anyway",
	}
}

func open(ctx context.Context, k *kwargs) (*Backend, error) {
	o, err := k.options()
	if err != nil {
		return nil, backend.Refused(err)
	}
	return Open(ctx, o)
}

func (k *kwargs) options() (*Options, error) {
	login, err := newLogin(or(k.AuthType, "token"), &k.LoginArguments)
	if err != nil {
		return nil, err
	}
	o := &Options{
		Connections: k.ConnectionsPath, Variables: k.VariablesPath, Config: k.ConfigPath,
		ConnectionsPattern: k.ConnectionsPattern, VariablesPattern: k.VariablesPattern, ConfigPattern: k.ConfigPattern,
		Teams:   Teams{NoTeamPath: k.UseTeamSecretsPath != nil && !*k.UseTeamSecretsPath, SharedPath: k.GlobalSecretsPath},
		Mount:   k.Mount.path,
		Address: k.URL, Namespace: k.Namespace, Login: login, Proxies: k.Proxies,
		MountFromID: k.Mount.fromID,
		NoRedirects: k.AllowRedirects != nil && !*k.AllowRedirects,
	}
	if k.KVVersion != nil {
		if o.KVVersion = *k.KVVersion; o.KVVersion != 1 && o.KVVersion != 2 {
			return nil, fmt.Errorf("argument %q must be 1 or 2", "kv_engine_version")
		}
	}
	if k.Timeout != nil {
		if o.Timeout = time.Duration(*k.Timeout * float64(time.Second)); o.Timeout <= 0 {
			return nil, fmt.Errorf("argument %q must be a number of seconds above 0", "timeout")
		}
	}
	o.TLS = tlsOptions(k.Verify, k.Cert)
	return o, nil
}

// tlsOptions are nil where neither argument says anything, so that the environment is asked.
func tlsOptions(v verify, c certificate) *api.TLSConfig {
	if v == (verify{}) && c == (certificate{}) {
		return nil
	}
	return &api.TLSConfig{
		CACert: v.Path, Insecure: v.Off,
		ClientCert: c.Path, ClientKey: or(c.Key, c.Path), // one file may hold both
	}
}

// mountPoint is a path; null and blank take it from the id.
type mountPoint struct {
	path   string
	fromID bool
}

// UnmarshalJSON reads a string or null.
func (m *mountPoint) UnmarshalJSON(data []byte) error {
	var text *string
	if json.Unmarshal(data, &text) != nil {
		return backend.ArgumentError("must be a string, or null to take the mount from the id")
	}
	if text == nil || *text == "" {
		*m = mountPoint{fromID: true}
		return nil
	}
	*m = mountPoint{path: *text}
	return nil
}

// verify says which servers are trusted: by a CA bundle, or by a folder of them.
type verify struct{ pytls.Trust }

// UnmarshalJSON reads true, false or a path.
func (v *verify) UnmarshalJSON(data []byte) error {
	var ok bool
	if v.Trust, ok = pytls.Verify(data); !ok {
		return backend.ArgumentError("must be true, false, or the path of a CA bundle or of a folder of them")
	}
	return nil
}

// certificate is what a client shows of itself.
type certificate struct{ pytls.Certificate }

// UnmarshalJSON reads a path, or a list of two: certificate and key.
func (c *certificate) UnmarshalJSON(data []byte) error {
	var ok bool
	if c.Certificate, ok = pytls.Cert(data); !ok {
		return backend.ArgumentError("must be a path, or a list of two paths, certificate and key")
	}
	return nil
}
