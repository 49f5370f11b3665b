package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
)

// The logins below need nothing but Vault. Those that ask a cloud are in packages of their own: awsiam, gcp and azure.
// Mount is where the auth method is mounted; "" is the method's own name. Files are read again at every login.

// Token is a token made elsewhere; nobody renews it. Path is a file that holds it and wins over Token.
// Both blank: the token in VAULT_TOKEN.
type Token struct {
	Token secrets.Secret
	Path  string
}

// AppRole logs in with a role and, unless the role needs none, a secret id.
type AppRole struct {
	Mount    string
	RoleID   string
	SecretID secrets.Secret
}

// UserPass logs in with a user name and password that Vault itself keeps.
type UserPass struct {
	Mount, Username string
	Password        secrets.Secret
}

// LDAP logs in with a user name and password of a directory.
type LDAP struct {
	Mount, Username string
	Password        secrets.Secret
}

// Radius logs in with a user name and password of a RADIUS server, which Vault asks.
type Radius struct {
	Mount, Username string
	Password        secrets.Secret
}

// GitHub logs in with a personal access token. Path is a file that holds it and wins over Token.
type GitHub struct {
	Mount string
	Token secrets.Secret
	Path  string
}

// Kubernetes logs in with the pod's service account. Path "": where Kubernetes puts its token.
type Kubernetes struct{ Mount, Role, Path string }

// JWT logs in with a signed token of an identity provider. Path is a file that holds it; Token wins over it.
type JWT struct {
	Mount, Role string
	Token       secrets.Secret
	Path        string
}

// Cert logs in with the client certificate of Options.TLS. Role "": any that fits the certificate.
type Cert struct{ Mount, Role string }

const kubernetesTokenPath = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// Validate reports a missing role id.
func (l AppRole) Validate() error { return needs("role_id", l.RoleID != "") }

// Validate reports a missing user name.
func (l UserPass) Validate() error { return needs("username", l.Username != "") }

// Validate reports a missing user name.
func (l LDAP) Validate() error { return needs("username", l.Username != "") }

// Validate reports a missing user name.
func (l Radius) Validate() error { return needs("username", l.Username != "") }

// Validate reports a missing token.
func (l GitHub) Validate() error {
	return needs("token or token_path", !l.Token.IsZero() || l.Path != "")
}

// Validate reports a missing role.
func (l Kubernetes) Validate() error { return needs("kubernetes_role", l.Role != "") }

// Validate reports a missing role or token.
func (l JWT) Validate() error {
	return errors.Join(needs("jwt_role", l.Role != ""), needs("jwt_token or jwt_token_path", !l.Token.IsZero() || l.Path != ""))
}

func needs(argument string, given bool) error {
	if given {
		return nil
	}
	return errors.New("this login needs " + argument)
}

// Login makes no request.
func (l Token) Login(context.Context, *api.Client) (*api.Secret, error) {
	text := l.Token.Reveal()
	if l.Path != "" {
		var err error
		if text, err = credentialFile(l.Path); err != nil {
			return nil, err
		}
	}
	if text == "" {
		text = os.Getenv(api.EnvVaultToken)
	}
	if text == "" {
		return nil, fmt.Errorf("%w: no Vault token: give token or token_path, set VAULT_TOKEN, or choose another auth_type", secrets.ErrDenied)
	}
	if strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return nil, fmt.Errorf("%w: the Vault token holds a line end or another control character", secrets.ErrDenied)
	}
	return &api.Secret{Auth: &api.SecretAuth{ClientToken: text}}, nil
}

// Login writes to auth/approle/login.
func (l AppRole) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	fields := map[string]any{"role_id": l.RoleID}
	if !l.SecretID.IsZero() {
		fields["secret_id"] = l.SecretID.Reveal()
	}
	return WriteLogin(ctx, c, or(l.Mount, "approle"), "", fields)
}

// Login writes to auth/userpass/login/<username>.
func (l UserPass) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	return passwordLogin(ctx, c, or(l.Mount, "userpass"), l.Username, l.Password)
}

// Login writes to auth/ldap/login/<username>.
func (l LDAP) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	return passwordLogin(ctx, c, or(l.Mount, "ldap"), l.Username, l.Password)
}

// Login writes to auth/radius/login/<username>.
func (l Radius) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	return passwordLogin(ctx, c, or(l.Mount, "radius"), l.Username, l.Password)
}

// Login writes to auth/github/login.
func (l GitHub) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	token := l.Token.Reveal()
	if l.Path != "" {
		var err error
		if token, err = credentialFile(l.Path); err != nil {
			return nil, err
		}
	}
	return WriteLogin(ctx, c, or(l.Mount, "github"), "", map[string]any{"token": token})
}

// Login writes to auth/kubernetes/login.
func (l Kubernetes) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	jwt, err := credentialFile(or(l.Path, kubernetesTokenPath))
	if err != nil {
		return nil, err
	}
	return WriteLogin(ctx, c, or(l.Mount, "kubernetes"), "", map[string]any{"role": l.Role, "jwt": jwt})
}

// Login writes to auth/jwt/login.
func (l JWT) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	jwt := l.Token.Reveal()
	if l.Token.IsZero() {
		var err error
		if jwt, err = credentialFile(l.Path); err != nil {
			return nil, err
		}
	}
	return WriteLogin(ctx, c, or(l.Mount, "jwt"), "", map[string]any{"role": l.Role, "jwt": jwt})
}

// Login writes to auth/cert/login.
func (l Cert) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	fields := map[string]any{}
	if l.Role != "" {
		fields["name"] = l.Role
	}
	return WriteLogin(ctx, c, or(l.Mount, "cert"), "", fields)
}

func passwordLogin(ctx context.Context, c *api.Client, mount, username string, password secrets.Secret) (*api.Secret, error) {
	return WriteLogin(ctx, c, mount, username, map[string]any{"password": password.Reveal()})
}

// WriteLogin is a login as Vault knows them: one write to auth/<mount>/login, followed by /<user> where there is one.
// Logins in other packages end with it.
func WriteLogin(ctx context.Context, c *api.Client, mount, user string, fields map[string]any) (*api.Secret, error) {
	path := "auth/" + strings.Trim(mount, "/") + "/login"
	if user != "" {
		if !validPath(user) || strings.Contains(user, "/") {
			return nil, fmt.Errorf("%w: the user name for Vault holds a slash or characters that do not print", secrets.ErrDenied)
		}
		path += "/" + user
	}
	return c.Logical().WriteWithContext(ctx, path, fields)
}

// credentialFile reads a file that holds one credential.
func credentialFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		why := "cannot be read"
		switch {
		case errors.Is(err, os.ErrNotExist):
			why = "does not exist"
		case errors.Is(err, os.ErrPermission):
			why = "may not be read by this process"
		}
		return "", fmt.Errorf("%w: the credential file %s %s", secrets.ErrDenied, path, why)
	}
	credential := strings.TrimSpace(string(text))
	if credential == "" {
		return "", fmt.Errorf("%w: the credential file %s is empty", secrets.ErrDenied, path)
	}
	return credential, nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
