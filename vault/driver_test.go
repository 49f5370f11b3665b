package vault_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestClassPaths(t *testing.T) {
	for _, path := range []string{
		"vault",
		"airflow.providers.hashicorp.secrets.vault.VaultBackend",
		"airflow.contrib.secrets.hashicorp_vault.VaultBackend",
		"airflow.contrib.secrets.hashicorp_vault.VaultSecrets",
		"airflow.providers.hashicorp.secrets.vault.VaultSecrets",
	} {
		b, err := backend.Open(t.Context(), path, nil)
		require.NoError(t, err, path)
		name, ok := b.(secrets.Namer).StoreName(secrets.KindConnection, "smtp_default")
		assert.True(t, ok)
		assert.Equal(t, "secret/connections/smtp_default", name)
	}
}

func TestGoodArguments(t *testing.T) {
	for name, kwargs := range map[string]string{
		"none":           ``,
		"null":           `null`,
		"1.10":           `{"connections_path": "connections", "mount_point": "airflow", "url": "http://127.0.0.1:8200", "auth_type": "token", "token": "x", "kv_engine_version": 1}`,
		"all of them":    allKwargs,
		"texts":          `{"kv_engine_version": "1", "timeout": "5", "allow_redirects": "False", "use_team_secrets_path": "True", "verify": "True"}`,
		"CA bundle":      `{"verify": "/etc/ssl/ca.pem", "cert": ["/c.pem", "/k.pem"]}`,
		"one file":       `{"cert": "/both.pem"}`,
		"no check":       `{"verify": false}`,
		"null prefixes":  `{"connections_path": null, "variables_path": null, "config_path": null, "mount_point": null}`,
		"unknown to 2.x": `{"connections_lookup_pattern": "^prod", "variables_lookup_pattern": null}`,
	} {
		_, err := backend.Open(t.Context(), "vault", json.RawMessage(kwargs))
		assert.NoError(t, err, name)
	}
}

// allKwargs has every argument of the specification's table that one login can have.
const allKwargs = `{"connections_path": "c", "variables_path": "v", "config_path": "f", "use_team_secrets_path": true,
	"global_secrets_path": "global", "url": "https://vault:8200", "mount_point": "kv", "kv_engine_version": 2, "auth_type": "approle",
	"auth_mount_point": "approle2", "token": "t", "token_path": "/t", "username": "u", "password": "p", "key_id": "k", "secret_id": "s",
	"role_id": "r", "assume_role_kwargs": {"RoleArn": "arn"}, "region": "eu-west-1", "kubernetes_role": "k", "kubernetes_jwt_path": "/j",
	"gcp_key_path": "/g", "gcp_keyfile_dict": {"a": "b"}, "gcp_scopes": "a,b", "azure_tenant_id": "t", "azure_resource": "r",
	"radius_host": "h", "radius_secret": "s", "radius_port": 1812, "jwt_role": "r", "jwt_token": "t", "jwt_token_path": "/j",
	"verify": true, "cert": null, "proxies": {"https": "http://proxy:3128"}, "timeout": 12.5, "namespace": "ns", "allow_redirects": true}`

func TestBadArguments(t *testing.T) {
	for name, c := range map[string]struct{ kwargs, says string }{
		"unknown":               {`{"mountpoint": "` + planted + `"}`, `did you mean "mount_point"`},
		"session":               {`{"session": {}}`, "Python"},
		"version":               {`{"kv_engine_version": 3}`, "1 or 2"},
		"version 0":             {`{"kv_engine_version": 0}`, "1 or 2"},
		"version of text":       {`{"kv_engine_version": "` + planted + `"}`, "whole number"},
		"auth_type":             {`{"auth_type": "` + planted + `"}`, "known: approle"},
		"aws_iam":               {`{"auth_type": "aws_iam"}`, `import _ "github.com/secretchain/secrets/vault/awsiam"`},
		"gcp":                   {`{"auth_type": "gcp"}`, `import _ "github.com/secretchain/secrets/vault/gcp"`},
		"azure":                 {`{"auth_type": "azure"}`, `import _ "github.com/secretchain/secrets/vault/azure"`},
		"approle without role":  {`{"auth_type": "approle", "secret_id": "` + planted + `"}`, "role_id"},
		"userpass without user": {`{"auth_type": "userpass", "password": "` + planted + `"}`, "username"},
		"github without token":  {`{"auth_type": "github"}`, "token"},
		"kubernetes":            {`{"auth_type": "kubernetes"}`, "kubernetes_role"},
		"jwt":                   {`{"auth_type": "jwt"}`, "jwt_token_path"},
		"timeout":               {`{"timeout": 0}`, "above 0"},
		"verify":                {`{"verify": 3}`, "CA bundle"},
		"cert":                  {`{"cert": ["` + planted + `"]}`, "two paths"},
		"proxies":               {`{"proxies": "` + planted + `"}`, "object"},
		"a proxy":               {`{"proxies": {"https": "` + planted + `"}}`, "proxy"},
		"mount_point":           {`{"mount_point": ["` + planted + `"]}`, "string"},
		"url":                   {`{"url": "https://u:` + planted + `@host"}`, "without user and password"},
		"pattern":               {`{"variables_lookup_pattern": "(?=` + planted + `)"}`, "RE2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := backend.Open(t.Context(), "vault", json.RawMessage(c.kwargs))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			assert.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}
