package samples

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
	_ "github.com/secretchain/secrets/azurekv"
	_ "github.com/secretchain/secrets/envbackend"
	_ "github.com/secretchain/secrets/gcpsm"
	_ "github.com/secretchain/secrets/localfs"
	_ "github.com/secretchain/secrets/secretsmanager"
	_ "github.com/secretchain/secrets/ssm"
	_ "github.com/secretchain/secrets/vault"
)

const (
	connection = "smtps://user:host@relay.example.com:465"
	inVault    = `{"conn_uri": "` + connection + `"}`
)

// sample is a configuration of a manual, and the names that Airflow asks for with it.
type sample struct {
	name, backend, kwargs string
	layer                 string
	conn, variable        string // for smtp_default and hello; "": the kind is off
	config                string // for sql_alchemy_conn; "": not asked here
	prefix                string // of ids, for Vault without a mount point
}

// The sample configurations of the manual of Airflow 1.10.10. {vault} is the address of the server, /files a folder.
var manual = []sample{
	{"SSM", "airflow.contrib.secrets.aws_systems_manager.SystemsManagerParameterStoreBackend",
		`{"connections_prefix": "/airflow/connections", "variables_prefix": "/airflow/variables", "profile_name": "default"}`,
		"ssm", "/airflow/connections/smtp_default", "/airflow/variables/hello", "", ""},
	{"Secrets Manager", "airflow.contrib.secrets.aws_secrets_manager.SecretsManagerBackend",
		`{"connections_prefix": "airflow/connections", "variables_prefix": "airflow/variables", "profile_name": "default"}`,
		"secretsmanager", "airflow/connections/smtp_default", "airflow/variables/hello", "", ""},
	{"Vault KV2", "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
		`{"connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": "{vault}"}`,
		"vault", "airflow/data/connections/smtp_default", "airflow/data/variables/hello", "", ""},
	{"Vault KV1", "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
		`{"connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": "{vault}", "kv_engine_version": 1}`,
		"vault", "airflow/connections/smtp_default", "airflow/variables/hello", "", ""},
	{"GCP connections", "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
		`{"connections_prefix": "airflow-connections", "sep": "-"}`,
		"gcpsm", google + "airflow-connections-smtp_default/versions/latest", google + "airflow-variables-hello/versions/latest", "", ""},
	{"GCP variables", "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
		`{"variables_prefix": "airflow-variables", "sep": "-"}`,
		"gcpsm", google + "airflow-connections-smtp_default/versions/latest", google + "airflow-variables-hello/versions/latest", "", ""},
	{"GCP both", "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
		`{"connections_prefix": "airflow-connections", "variables_prefix": "airflow-variables", "sep": "-"}`,
		"gcpsm", google + "airflow-connections-smtp_default/versions/latest", google + "airflow-variables-hello/versions/latest", "", ""},
	{"Azure", "airflow.contrib.secrets.azure_key_vault.AzureKeyVaultBackend",
		`{"connections_prefix": "airflow-connections", "variables_prefix": "airflow-variables", "vault_url": "https://example-akv-resource-name.vault.azure.net/"}`,
		"azurekv", "airflow-connections-smtp-default", "airflow-variables-hello", "", ""},
}

// Their current forms, with what has come since: config values, lookup patterns, kinds that are off, no mount point.
var current = []sample{
	{"SSM", "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
		`{"connections_prefix": "airflow/connections", "connections_lookup_pattern": null, "variables_prefix": "/airflow/variables/", "profile_name": "default"}`,
		"ssm", "/airflow/connections/smtp_default", "/airflow/variables/hello", "/airflow/config/sql_alchemy_conn", ""},
	{"SSM with a kind off and a pattern", "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
		`{"connections_lookup_pattern": "^SMTP", "variables_prefix": null, "profile_name": "default"}`,
		"ssm", "/airflow/connections/smtp_default", "", "/airflow/config/sql_alchemy_conn", ""},
	{"Secrets Manager", "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
		`{"connections_prefix": "airflow/connections", "connections_lookup_pattern": null, "variables_prefix": "airflow/variables", "config_prefix": "airflow/config", "profile_name": "default"}`,
		"secretsmanager", "airflow/connections/smtp_default", "airflow/variables/hello", "airflow/config/sql_alchemy_conn", ""},
	{"Secrets Manager with a separator", "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
		`{"connections_prefix": "conns-", "variables_prefix": "", "sep": "-", "region_name": "eu-west-1"}`,
		"secretsmanager", "conns-smtp_default", "hello", "airflow/config-sql_alchemy_conn", ""},
	{"Vault KV2", "airflow.providers.hashicorp.secrets.vault.VaultBackend",
		`{"connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": "{vault}"}`,
		"vault", "airflow/data/connections/smtp_default", "airflow/data/variables/hello", "airflow/data/config/sql_alchemy_conn", ""},
	{"Vault KV1", "airflow.providers.hashicorp.secrets.vault.VaultBackend",
		`{"connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": "{vault}", "kv_engine_version": 1}`,
		"vault", "airflow/connections/smtp_default", "airflow/variables/hello", "airflow/config/sql_alchemy_conn", ""},
	{"Vault without a mount point", "airflow.providers.hashicorp.secrets.vault.VaultBackend",
		`{"connections_path": "connections", "variables_path": "variables", "mount_point": null, "url": "{vault}"}`,
		"vault", "airflow/data/connections/smtp_default", "airflow/data/variables/hello", "airflow/data/config/sql_alchemy_conn", "airflow/"},
	{"GCP", "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
		`{"connections_prefix": "example-connections-prefix", "variables_prefix": "example-variables-prefix", "project_id": "other-project"}`,
		"gcpsm", "projects/other-project/secrets/example-connections-prefix-smtp_default/versions/latest",
		"projects/other-project/secrets/example-variables-prefix-hello/versions/latest", "projects/other-project/secrets/airflow-config-sql_alchemy_conn/versions/latest", ""},
	{"Azure", "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
		`{"connections_prefix": "airflow-connections", "variables_prefix": "airflow-variables", "vault_url": "https://example-akv-resource-name.vault.azure.net/"}`,
		"azurekv", "airflow-connections-smtp-default", "airflow-variables-hello", "airflow-config-sql-alchemy-conn", ""},
}

const google = "projects/creds-project/secrets/"

func TestManualOf1_10(t *testing.T) { each(t, manual) }

func TestCurrentForms(t *testing.T) { each(t, current) }

func each(t *testing.T, samples []sample) {
	if runtime.GOOS != "linux" {
		t.Skip("Go reads SSL_CERT_FILE, which leads the vendors' clients to this test's server, on Linux alone")
	}
	for _, s := range samples {
		t.Run(s.name, s.run)
	}
}

// run opens the sample, looks one name of each kind up, and holds what the store was asked for against what Airflow asks.
func (s sample) run(t *testing.T) {
	values := map[string]string{s.conn: connection, s.variable: "world", s.config: "value"}
	if s.layer == "vault" {
		values = map[string]string{s.conn: inVault, s.variable: `{"value": "world"}`, s.config: `{"value": "value"}`}
	}
	internet.holds(values)
	chain := open(t, s.backend, s.kwargs)
	require.Empty(t, internet.names(), "opening a chain asks nobody")

	found, err := chain.LookupConnection(t.Context(), s.prefix+"smtp_default")
	require.NoError(t, err)
	assert.Equal(t, s.layer, found.Layer)
	want, err := secrets.ParseURI(connection)
	require.NoError(t, err)
	want.ID = s.prefix + "smtp_default"
	assert.True(t, want.Equal(found.Value), "the connection that the store has, not %v", found.Value)
	assert.Equal(t, []string{s.conn}, internet.names())

	value, err := chain.GetVariable(t.Context(), s.prefix+"hello")
	if s.variable == "" {
		require.ErrorIs(t, err, secrets.ErrNotFound)
		assert.Empty(t, internet.names(), "the kind is off")
	} else {
		require.NoError(t, err)
		assert.Equal(t, "world", value)
		assert.Equal(t, []string{s.variable}, internet.names())
	}
	if s.config != "" {
		value, err = chain.GetConfig(t.Context(), s.prefix+"sql_alchemy_conn")
		require.NoError(t, err)
		assert.Equal(t, "value", value)
		assert.Equal(t, []string{s.config}, internet.names())
	}

	_, err = chain.GetConnection(t.Context(), s.prefix+"smtp_absent")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Equal(t, []string{strings.NewReplacer("smtp_default", "smtp_absent", "smtp-default", "smtp-absent").Replace(s.conn)}, internet.names(), "one request, then the environment")
}

// open writes the sample into an airflow.cfg and opens it, with nothing but the process's environment.
func open(t *testing.T, backend, kwargs string) *secrets.Chain {
	t.Helper()
	if internet != nil {
		kwargs = strings.ReplaceAll(kwargs, "{vault}", internet.vault)
	}
	path := filepath.Join(t.TempDir(), "airflow.cfg")
	text := "[secrets]\nbackend = " + backend + "\nbackend_kwargs = " + strings.ReplaceAll(kwargs, "%", "%%") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	chain, err := airflowcfg.Open(t.Context(), &airflowcfg.Options{Path: path})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, chain.Close()) })
	return chain
}

// The formats of 1.10.10, and YAML, which has come since.
func TestLocalFiles(t *testing.T) {
	const second = "mysql://second.example.com"
	for extension, files := range map[string]struct {
		variables, connections string
		want                   map[string]int // connections of an id
	}{
		"json": {`{"hello": "world"}`, `{"one": "` + connection + `", "two": ["` + connection + `", "` + second + `"],
			"fields": {"conn_type": "mysql", "host": "h", "port": "1234"}}`, map[string]int{"one": 1, "two": 2, "fields": 1}},
		"env":  {"hello=world\n", "one=" + connection + "\ntwo=" + connection + "\ntwo=" + second + "\n", map[string]int{"one": 1, "two": 2}},
		"yaml": {"hello: world\n", "one: " + connection + "\nfields:\n  conn_type: mysql\n  host: h\n  port: 1234\n", map[string]int{"one": 1, "fields": 1}},
	} {
		t.Run(extension, func(t *testing.T) {
			dir := filepath.ToSlash(t.TempDir())
			require.NoError(t, os.WriteFile(dir+"/var."+extension, []byte(files.variables), 0o600))
			require.NoError(t, os.WriteFile(dir+"/conn."+extension, []byte(files.connections), 0o600))
			chain := open(t, "airflow.secrets.local_filesystem.LocalFilesystemBackend",
				`{"variables_file_path": "`+dir+"/var."+extension+`", "connections_file_path": "`+dir+"/conn."+extension+`"}`)
			for id, count := range files.want {
				conns, err := chain.GetConnections(t.Context(), id)
				require.NoError(t, err)
				assert.Len(t, conns, count, id)
			}
			found, err := chain.LookupVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.Equal(t, "localfs", found.Layer)
			assert.True(t, found.Value.Equal(secrets.NewSecret("world")))
		})
	}
}

// Opening a layer costs at most 1 ms: it reads a file, and asks nobody.
func BenchmarkOpen(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("Go reads SSL_CERT_FILE, which leads the vendors' clients to this benchmark's server, on Linux alone")
	}
	for _, s := range current {
		b.Run(s.layer+"/"+s.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "airflow.cfg")
			text := "[secrets]\nbackend = " + s.backend + "\nbackend_kwargs = " + strings.ReplaceAll(s.kwargs, "{vault}", internet.vault) + "\n"
			require.NoError(b, os.WriteFile(path, []byte(text), 0o600))
			for b.Loop() {
				chain, err := airflowcfg.Open(b.Context(), &airflowcfg.Options{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				_ = chain.Close()
			}
		})
	}
}
