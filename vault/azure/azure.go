// Package azure logs in to Vault with an identity of Microsoft Entra: the auth_type azure of [vault]. Importing it
// registers the login for the vault driver:
//
//	import _ "github.com/secretchain/secrets/vault/azure"
//
// The login is a token for the resource that Vault is configured with, of an application (key_id and secret_id) or else
// of the managed identity of the machine.
package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/hashicorp/vault/api"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
	"github.com/secretchain/secrets/vault"
)

func init() { vault.RegisterLogin("azure", fromArguments) }

// Login is an [api.AuthMethod] for [vault.Options].
type Login struct {
	// Mount is where the auth method is mounted. "": azure.
	Mount string
	// Role is the role in Vault.
	Role string
	// Resource is what the token is for: the resource of Vault's configuration, such as https://management.azure.com/.
	Resource string
	// Credential gives the token. Nil: the machine's managed identity.
	Credential azcore.TokenCredential
	// SubscriptionID, ResourceGroup, VM and ScaleSet say which machine this is, for a role that is bound to machines.
	SubscriptionID, ResourceGroup, VM, ScaleSet string
}

// Validate reports a missing role or resource.
func (l Login) Validate() error {
	switch {
	case l.Role == "":
		return errors.New("this login needs role_id, the role's name in Vault")
	case l.Resource == "":
		return errors.New("this login needs azure_resource")
	}
	return nil
}

// Login writes to auth/azure/login.
func (l Login) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	credential := l.Credential
	if credential == nil {
		var err error
		if credential, err = azidentity.NewManagedIdentityCredential(nil); err != nil {
			return nil, fmt.Errorf("%w: this machine's managed identity cannot be used", secrets.ErrDenied)
		}
	}
	// One slash at the end belongs to the resource: Azure's tokens then have it in their audience too.
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{l.Resource + "/.default"}})
	if err != nil {
		return nil, tokenFailure(err)
	}
	mount := l.Mount
	if mount == "" {
		mount = "azure"
	}
	fields := map[string]any{"role": l.Role, "jwt": token.Token}
	for name, value := range map[string]string{"subscription_id": l.SubscriptionID, "resource_group_name": l.ResourceGroup,
		"vm_name": l.VM, "vmss_name": l.ScaleSet} {
		if value != "" {
			fields[name] = value
		}
	}
	return vault.WriteLogin(ctx, c, mount, "", fields)
}

// tokenFailure does not pass on the words of the library and of Entra: they repeat what was sent.
func tokenFailure(err error) error {
	fail := func(class error, why string) error {
		return fmt.Errorf("%w: token for the login to Vault: %s", class, why)
	}
	if answer, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && answer.RawResponse != nil {
		status := answer.RawResponse.StatusCode
		if status == http.StatusTooManyRequests || status >= 500 {
			return fail(secrets.ErrUnavailable, fmt.Sprintf("Microsoft Entra answered %d", status))
		}
		return fail(secrets.ErrDenied, fmt.Sprintf("Microsoft Entra answered %d: check azure_tenant_id, key_id, secret_id and azure_resource", status))
	}
	if why := netfail.Why(err); why != "" {
		return fail(secrets.ErrUnavailable, "Microsoft Entra could not be asked: "+why)
	}
	return fail(secrets.ErrDenied, "no credentials: give key_id and secret_id, or run where a managed identity is attached")
}

// fromArguments makes a login of Airflow's arguments: an application with key_id and secret_id, or the managed identity,
// of which key_id chooses one where there are several.
func fromArguments(a *vault.LoginArguments) (api.AuthMethod, error) {
	l := Login{Mount: a.AuthMount, Role: a.RoleID, Resource: a.AzureResource}
	var err error
	switch {
	case a.AzureTenantID == "":
		return nil, errors.New("this login needs azure_tenant_id")
	case !a.SecretID.IsZero() && a.KeyID == "":
		return nil, errors.New("argument secret_id needs key_id, the application's id")
	case !a.SecretID.IsZero():
		l.Credential, err = azidentity.NewClientSecretCredential(a.AzureTenantID, a.KeyID, a.SecretID.Reveal(), nil)
	case a.KeyID != "":
		l.Credential, err = azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(a.KeyID)})
	}
	if err != nil {
		return nil, errors.New("arguments azure_tenant_id, key_id and secret_id do not make a credential: is azure_tenant_id the tenant's id or name?")
	}
	return l, nil
}
