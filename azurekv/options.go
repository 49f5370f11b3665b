package azurekv

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options say where names live and how to log in. Nil is valid, and so is every zero field. Errors call the fields by the
// names of Airflow's arguments.
type Options struct {
	// Connections, Variables and Config are the prefixes of the three kinds.
	// Zero: airflow-connections, airflow-variables and airflow-config.
	Connections, Variables, Config backend.Prefix
	// ConnectionsPattern, VariablesPattern and ConfigPattern limit which ids are looked up. Zero: every id.
	ConnectionsPattern, VariablesPattern, ConfigPattern backend.Pattern
	// Separator stands between prefix and id, and in place of every underscore. Nil: "-".
	Separator *string
	// Team is the team whose own secrets come first. "": no teams.
	Team string
	// Timeout bounds a call whose context has no deadline. 0: 30 s.
	Timeout time.Duration

	// What follows is for Open.

	// VaultURL is the vault, such as https://my-vault.vault.azure.net/. Its host tells the cloud, and so the login
	// service: that of China for vault.azure.cn, that of the US government for vault.usgovcloudapi.net, else
	// AZURE_AUTHORITY_HOST or the public one. "", as Airflow has it by default: names are told, and every lookup fails.
	VaultURL string
	// TenantID, ClientID and ClientSecret log an application in. All three or none.
	TenantID, ClientID string
	ClientSecret       secrets.Secret
	// ManagedIdentityClientID and WorkloadIdentityTenantID name the identity that Azure gives to the program. With either
	// the environment's application, a workload identity and a managed identity are tried, in this order. Without, and
	// without ClientSecret, the developer's tools are tried after them: azidentity.NewDefaultAzureCredential.
	ManagedIdentityClientID, WorkloadIdentityTenantID string
	// Credential is a credential of your own making, in place of all of these.
	Credential azcore.TokenCredential
	// ClientOptions are those of the vault's client, and in part of the login's: a transport or CA of your own, retries,
	// a cloud, DisableChallengeResourceVerification for a vault behind another host name.
	ClientOptions azsecrets.ClientOptions
	// DisableInstanceDiscovery logs in without asking Microsoft about the login service first: for private clouds.
	DisableInstanceDiscovery bool
}

const defaultTimeout = 30 * time.Second

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

// validate refuses bad input without I/O.
func (o *Options) validate() error {
	if o.Timeout < 0 {
		return errors.New("the time-out is negative")
	}
	return backend.CheckTeam(o.Team)
}

// validateLogin refuses what Open cannot work with.
func (o *Options) validateLogin() error {
	vault, err := url.Parse(o.VaultURL)
	if o.VaultURL != "" && (err != nil || vault.Scheme != "https" || vault.Host == "" || vault.User != nil ||
		vault.RawQuery != "" || vault.Fragment != "" || strings.Trim(vault.Path, "/") != "") {
		return errors.New("vault_url is no vault's: give https://<name>.vault.azure.net/")
	}
	application := 0
	for _, is := range []bool{o.TenantID != "", o.ClientID != "", !o.ClientSecret.IsZero()} {
		if is {
			application++
		}
	}
	switch {
	case application != 0 && application != 3:
		return errors.New("tenant_id, client_id and client_secret go together: give all three, or none for the default credentials")
	case application != 0 && o.identity():
		return errors.New("client_secret excludes managed_identity_client_id and workload_identity_tenant_id")
	case o.Credential != nil && (application != 0 || o.identity()):
		return errors.New("a Credential excludes every other way to log in")
	}
	return nil
}

// identity reports whether an identity of Azure's own is named.
func (o *Options) identity() bool {
	return o.ManagedIdentityClientID != "" || o.WorkloadIdentityTenantID != ""
}

// clouds are the sovereign clouds, by what the host of a vault ends in.
var clouds = []struct {
	host  string
	cloud cloud.Configuration
}{
	{".vault.azure.cn", cloud.AzureChina},
	{".vault.usgovcloudapi.net", cloud.AzureGovernment},
}

// loginOptions are the client options of a login: the vault's, with the cloud that the vault is in.
func (o *Options) loginOptions() azcore.ClientOptions {
	options := o.ClientOptions.ClientOptions
	if options.Cloud.ActiveDirectoryAuthorityHost != "" {
		return options
	}
	vault, err := url.Parse(o.VaultURL)
	if err != nil {
		return options
	}
	for _, c := range clouds {
		if strings.HasSuffix(strings.ToLower(vault.Hostname()), c.host) {
			options.Cloud = c.cloud
		}
	}
	return options
}
