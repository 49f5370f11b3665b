// Package gcp logs in to Vault as a Google service account: the auth_type gcp of [vault]. Importing it registers the
// login for the vault driver:
//
//	import _ "github.com/secretchain/secrets/vault/gcp"
//
// The login is a token for the service account, good for 15 minutes, that Google's IAM signs (signJwt). The account needs
// the permission iam.serviceAccounts.signJwt on itself, which the role roles/iam.serviceAccountTokenCreator has.
package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/compute/metadata"
	"github.com/hashicorp/vault/api"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/option"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
	"github.com/secretchain/secrets/vault"
)

func init() { vault.RegisterLogin("gcp", fromArguments) }

// Login is an [api.AuthMethod] for [vault.Options].
type Login struct {
	// Mount is where the auth method is mounted. "": gcp.
	Mount string
	// Role is the role in Vault, of type iam.
	Role string
	// Credentials may sign for the account. Nil: KeyFile, Key, or Application Default Credentials, found at each login.
	Credentials *auth.Credentials
	// KeyFile is the path of a service account's key, read at each login.
	KeyFile string
	// Key is the text of a service account's key.
	Key secrets.Secret
	// Scopes are those of the call that signs. Nil: https://www.googleapis.com/auth/cloud-platform.
	Scopes []string
	// ServiceAccount is the account's address. "": that of the credentials.
	ServiceAccount string
	// ClientOptions are for the client of Google's IAM.
	ClientOptions []option.ClientOption
}

// lifetime is the greatest that Vault takes by default.
const lifetime = 15 * time.Minute

// quiet keeps the debug log of Google's libraries off: it would hold tokens.
var quiet = slog.New(slog.DiscardHandler)

// Validate reports a missing role and too many credentials.
func (l Login) Validate() error {
	given := 0
	for _, is := range []bool{l.Credentials != nil, l.KeyFile != "", !l.Key.IsZero()} {
		if is {
			given++
		}
	}
	switch {
	case l.Role == "":
		return errors.New("this login needs role_id, the role's name in Vault")
	case given > 1:
		return errors.New("this login takes one of a key file, a key and credentials")
	}
	return nil
}

// Login writes to auth/gcp/login.
func (l Login) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	creds, err := l.credentials()
	if err != nil {
		return nil, err
	}
	jwt, err := l.signed(ctx, creds)
	if err != nil {
		return nil, err
	}
	mount := l.Mount
	if mount == "" {
		mount = "gcp"
	}
	return vault.WriteLogin(ctx, c, mount, "", map[string]any{"role": l.Role, "jwt": jwt})
}

func (l Login) credentials() (*auth.Credentials, error) {
	detect := &credentials.DetectOptions{Scopes: l.Scopes, Logger: quiet}
	if l.Scopes == nil {
		detect.Scopes = []string{iamcredentials.CloudPlatformScope}
	}
	key := []byte(l.Key.Reveal())
	switch {
	case l.Credentials != nil:
		return l.Credentials, nil
	case l.KeyFile != "":
		var err error
		if key, err = os.ReadFile(l.KeyFile); err != nil {
			return nil, fmt.Errorf("%w: the key file %s cannot be read", secrets.ErrDenied, l.KeyFile)
		}
	case len(key) == 0:
		creds, err := credentials.DetectDefault(detect)
		if err != nil {
			return nil, fmt.Errorf("%w: no Application Default Credentials for the login to Vault: give gcp_key_path, "+
				"set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is attached", secrets.ErrDenied)
		}
		return creds, nil
	}
	creds, err := credentials.NewCredentialsFromJSON(credentials.ServiceAccount, key, detect)
	if err != nil {
		return nil, fmt.Errorf("%w: the key for the login to Vault is not that of a Google service account", secrets.ErrDenied)
	}
	return creds, nil
}

// signed returns the token that proves who the account is.
func (l Login) signed(ctx context.Context, creds *auth.Credentials) (string, error) {
	account, err := l.account(ctx, creds)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"sub": account, "aud": "vault/" + l.Role, "exp": time.Now().Add(lifetime).Unix()})
	if err != nil {
		return "", errors.New("the claims cannot be written")
	}
	options := append([]option.ClientOption{option.WithAuthCredentials(creds), option.WithLogger(quiet)}, l.ClientOptions...)
	iam, err := iamcredentials.NewService(ctx, options...)
	if err != nil {
		return "", fmt.Errorf("%w: the client of Google's IAM cannot be made of these credentials and options", secrets.ErrDenied)
	}
	answer, err := iam.Projects.ServiceAccounts.SignJwt("projects/-/serviceAccounts/"+account,
		&iamcredentials.SignJwtRequest{Payload: string(claims)}).Context(ctx).Do()
	if err != nil {
		return "", signFailure(err, account)
	}
	return answer.SignedJwt, nil
}

// account finds the address of the service account.
func (l Login) account(ctx context.Context, creds *auth.Credentials) (string, error) {
	if l.ServiceAccount != "" {
		return l.ServiceAccount, nil
	}
	if text := creds.JSON(); text != nil {
		var file struct {
			Email string `json:"client_email"`
			URL   string `json:"service_account_impersonation_url"`
		}
		_ = json.Unmarshal(text, &file) // a file without either is refused below
		if file.Email != "" {
			return file.Email, nil
		}
		if m := impersonated.FindStringSubmatch(file.URL); m != nil {
			return m[1], nil
		}
		return "", fmt.Errorf("%w: the Google credentials are not those of a service account, which Vault's gcp login asks for", secrets.ErrDenied)
	}
	email, err := metadata.EmailWithContext(ctx, "default")
	if err != nil {
		return "", fmt.Errorf("%w: the metadata server does not tell which service account is attached", secrets.ErrUnavailable)
	}
	return email, nil
}

var impersonated = regexp.MustCompile(`/serviceAccounts/([^/:]+):generateAccessToken$`)

// signFailure does not pass on what Google said: it may repeat what it was sent.
func signFailure(err error, account string) error {
	fail := func(class error, why string) error {
		return fmt.Errorf("%w: signing the login to Vault for %s: %s", class, account, why)
	}
	if answer, ok := errors.AsType[*googleapi.Error](err); ok {
		switch {
		case answer.Code == http.StatusForbidden:
			return fail(secrets.ErrDenied, "Google's IAM answered 403: grant the account roles/iam.serviceAccountTokenCreator on itself")
		case answer.Code == http.StatusTooManyRequests || answer.Code >= 500:
			return fail(secrets.ErrUnavailable, fmt.Sprintf("Google's IAM answered %d", answer.Code))
		}
		return fail(secrets.ErrDenied, fmt.Sprintf("Google's IAM answered %d", answer.Code))
	}
	if answer, ok := errors.AsType[*auth.Error](err); ok && answer.Response != nil {
		if answer.Temporary() {
			return fail(secrets.ErrUnavailable, fmt.Sprintf("Google's token service answered %d", answer.Response.StatusCode))
		}
		return fail(secrets.ErrDenied, fmt.Sprintf("Google's token service answered %d: is the key still valid?", answer.Response.StatusCode))
	}
	if why := netfail.Why(err); why != "" {
		return fail(secrets.ErrUnavailable, "Google could not be asked: "+why)
	}
	return fail(secrets.ErrUnavailable, "no token to ask Google's IAM with")
}
