package vault

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
)

// LoginArguments are Airflow's arguments for logging in, of every auth_type. The json tags are their names.
type LoginArguments struct {
	AuthMount string `json:"auth_mount_point"` // "": the method's own

	Token     secrets.Secret `json:"token"`      // token, github
	TokenPath string         `json:"token_path"` // token, github
	Username  string         `json:"username"`   // userpass, ldap, radius
	Password  secrets.Secret `json:"password"`   // userpass, ldap, radius
	KeyID     string         `json:"key_id"`     // aws_iam, azure
	SecretID  secrets.Secret `json:"secret_id"`  // approle, aws_iam, azure
	RoleID    string         `json:"role_id"`    // approle; the role's name for aws_iam, azure and gcp

	KubernetesRole    string `json:"kubernetes_role"`
	KubernetesJWTPath string `json:"kubernetes_jwt_path"`

	JWTRole      string         `json:"jwt_role"`
	JWTToken     secrets.Secret `json:"jwt_token"`
	JWTTokenPath string         `json:"jwt_token_path"`

	AssumeRole SecretJSON `json:"assume_role_kwargs"` // aws_iam: arguments of STS's AssumeRole
	Region     string     `json:"region"`             // aws_iam

	GCPKeyPath string          `json:"gcp_key_path"`
	GCPKeyDict SecretJSON      `json:"gcp_keyfile_dict"` // an object, or its text
	GCPScopes  json.RawMessage `json:"gcp_scopes"`       // a text with commas, or a list

	AzureTenantID string `json:"azure_tenant_id"`
	AzureResource string `json:"azure_resource"`

	// Airflow gave these to the method's configuration in place of a login. The server knows its RADIUS server itself.
	RadiusHost   string          `json:"radius_host"`
	RadiusSecret secrets.Secret  `json:"radius_secret"`
	RadiusPort   json.RawMessage `json:"radius_port"`
}

// SecretJSON is an argument with structure, as the JSON it was given as, that may hold secrets: like a Secret it is never
// printed. Empty: it was not given.
type SecretJSON struct{ secrets.Secret }

// UnmarshalJSON keeps a copy of data.
func (s *SecretJSON) UnmarshalJSON(data []byte) error {
	s.Secret = secrets.NewSecret(string(data))
	return nil
}

// MakeLogin makes a login of arguments. It does no I/O, and its errors show no values.
type MakeLogin func(a *LoginArguments) (api.AuthMethod, error)

var logins = struct {
	sync.RWMutex
	make map[string]MakeLogin
}{make: map[string]MakeLogin{
	"token": func(a *LoginArguments) (api.AuthMethod, error) { return Token{a.Token, a.TokenPath}, nil },
	"approle": func(a *LoginArguments) (api.AuthMethod, error) {
		return AppRole{a.AuthMount, a.RoleID, a.SecretID}, nil
	},
	"userpass": func(a *LoginArguments) (api.AuthMethod, error) {
		return UserPass{a.AuthMount, a.Username, a.Password}, nil
	},
	"ldap": func(a *LoginArguments) (api.AuthMethod, error) { return LDAP{a.AuthMount, a.Username, a.Password}, nil },
	"radius": func(a *LoginArguments) (api.AuthMethod, error) {
		return Radius{a.AuthMount, a.Username, a.Password}, nil
	},
	"github": func(a *LoginArguments) (api.AuthMethod, error) { return GitHub{a.AuthMount, a.Token, a.TokenPath}, nil },
	"kubernetes": func(a *LoginArguments) (api.AuthMethod, error) {
		return Kubernetes{a.AuthMount, a.KubernetesRole, a.KubernetesJWTPath}, nil
	},
	"jwt": func(a *LoginArguments) (api.AuthMethod, error) {
		return JWT{a.AuthMount, a.JWTRole, a.JWTToken, a.JWTTokenPath}, nil
	},
}}

// clouds are the logins that live in packages of their own, so that a program links the SDK of a cloud only if it logs
// in with it.
var clouds = map[string]string{
	"aws_iam": "github.com/secretchain/secrets/vault/awsiam",
	"gcp":     "github.com/secretchain/secrets/vault/gcp",
	"azure":   "github.com/secretchain/secrets/vault/azure",
}

// RegisterLogin makes a login available to the driver under an auth_type. Packages call it from init. It panics on a
// blank name, a nil function and a name that is taken.
func RegisterLogin(authType string, f MakeLogin) {
	if authType == "" || f == nil {
		panic("vault: RegisterLogin without a name or a function")
	}
	logins.Lock()
	defer logins.Unlock()
	if _, taken := logins.make[authType]; taken {
		panic(fmt.Sprintf("vault: RegisterLogin of %q, which is taken", authType))
	}
	logins.make[authType] = f
}

func newLogin(authType string, a *LoginArguments) (api.AuthMethod, error) {
	logins.RLock()
	f, ok := logins.make[authType]
	known := slices.Sorted(maps.Keys(logins.make))
	logins.RUnlock()
	if ok {
		return f(a)
	}
	if pkg, ok := clouds[authType]; ok {
		return nil, fmt.Errorf("auth_type %q is in a package that is not imported: add import _ %q", authType, pkg)
	}
	return nil, fmt.Errorf("unknown auth_type (known: %s; with an import of their own: aws_iam, azure, gcp)", strings.Join(known, ", "))
}
