package azurekv

import (
	"context"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.Register(backend.Driver{Name: "azurekv", ClassPaths: backend.ClassPaths("azurekv"), Open: backend.Opener(open)})
}

// arguments are Airflow's backend_kwargs.
type arguments struct {
	Connections              backend.Prefix  `json:"connections_prefix"`
	Variables                backend.Prefix  `json:"variables_prefix"`
	Config                   backend.Prefix  `json:"config_prefix"`
	ConnectionsPattern       backend.Pattern `json:"connections_lookup_pattern"`
	VariablesPattern         backend.Pattern `json:"variables_lookup_pattern"`
	ConfigPattern            backend.Pattern `json:"config_lookup_pattern"`
	Separator                *string         `json:"sep"`
	VaultURL                 string          `json:"vault_url"`
	TenantID                 string          `json:"tenant_id"`
	ClientID                 string          `json:"client_id"`
	ClientSecret             secrets.Secret  `json:"client_secret"`
	ManagedIdentityClientID  string          `json:"managed_identity_client_id"`
	WorkloadIdentityTenantID string          `json:"workload_identity_tenant_id"`
	// VerifyChallengeResource is the Python client's own argument, which Airflow hands on.
	VerifyChallengeResource *bool `json:"verify_challenge_resource"`
}

// KwargHints knows what Python's client takes besides, and what the arguments may be called.
func (*arguments) KwargHints() map[string]string {
	const transport = "open the store with azurekv.Open and Options.ClientOptions.Transport, or name a CA in SSL_CERT_FILE"
	return map[string]string{
		"vault":             "it is vault_url here",
		"vault_name":        "give vault_url, https://<name>.vault.azure.net/",
		"credential":        "a credential is no JSON: open the store with azurekv.Open and Options.Credential",
		"api_version":       "the Go client knows one version of the service's API",
		"logging_enable":    "the Go client logs when AZURE_SDK_GO_LOGGING is set",
		"connection_verify": transport,
		"transport":         transport,
	}
}

func open(ctx context.Context, a *arguments) (*Backend, error) {
	o := &Options{
		Connections:              a.Connections,
		Variables:                a.Variables,
		Config:                   a.Config,
		ConnectionsPattern:       a.ConnectionsPattern,
		VariablesPattern:         a.VariablesPattern,
		ConfigPattern:            a.ConfigPattern,
		Separator:                a.Separator,
		VaultURL:                 a.VaultURL,
		TenantID:                 a.TenantID,
		ClientID:                 a.ClientID,
		ClientSecret:             a.ClientSecret,
		ManagedIdentityClientID:  a.ManagedIdentityClientID,
		WorkloadIdentityTenantID: a.WorkloadIdentityTenantID,
	}
	o.ClientOptions.DisableChallengeResourceVerification = a.VerifyChallengeResource != nil && !*a.VerifyChallengeResource
	return Open(ctx, o)
}
