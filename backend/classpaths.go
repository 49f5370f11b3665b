package backend

import "slices"

// module is the import path that the store packages are below.
const module = "github.com/secretchain/secrets/"

// store is one of the stores of this module and every class path that Airflow has used for it, the current one first
// (specification, backends §1).
type store struct {
	driver     string
	pkg        string
	classPaths []string
}

func (s store) importPath() string { return module + s.pkg }

// stores is the one place that knows Airflow's class paths.
var stores = []store{
	{"env", "envbackend", []string{
		"airflow.secrets.environment_variables.EnvironmentVariablesBackend",
		"airflow.secrets.environment_variables.EnvironmentVariablesSecretsBackend",
	}},
	{"localfs", "localfs", []string{
		"airflow.secrets.local_filesystem.LocalFilesystemBackend",
	}},
	{"metastore", "metastore/sqlite", []string{
		"airflow.secrets.metastore.MetastoreBackend",
		"airflow.secrets.metastore.MetastoreSecretsBackend",
	}},
	{"ssm", "ssm", []string{
		"airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
		"airflow.contrib.secrets.aws_systems_manager.SystemsManagerParameterStoreBackend",
	}},
	{"secretsmanager", "secretsmanager", []string{
		"airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
		"airflow.contrib.secrets.aws_secrets_manager.SecretsManagerBackend",
	}},
	{"vault", "vault", []string{
		"airflow.providers.hashicorp.secrets.vault.VaultBackend",
		"airflow.contrib.secrets.hashicorp_vault.VaultBackend",
		"airflow.contrib.secrets.hashicorp_vault.VaultSecrets",
		"airflow.providers.hashicorp.secrets.vault.VaultSecrets",
	}},
	{"gcpsm", "gcpsm", []string{
		"airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
		"airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
		"airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerSecretsBackend",
		"airflow.providers.google.cloud.secrets.secrets_manager.CloudSecretsManagerBackend",
	}},
	{"azurekv", "azurekv", []string{
		"airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
		"airflow.contrib.secrets.azure_key_vault.AzureKeyVaultBackend",
		"airflow.providers.microsoft.azure.secrets.azure_key_vault.AzureKeyVaultBackend",
	}},
}

// ClassPaths returns every class path that Airflow has used for one of this module's stores, the current one first; nil
// for a name that is none of them. Store packages register with it.
func ClassPaths(driver string) []string {
	for _, s := range stores {
		if s.driver == driver {
			return slices.Clone(s.classPaths)
		}
	}
	return nil
}

// knownStore finds a store of this module by driver name or class path.
func knownStore(name string) (store, bool) {
	for _, s := range stores {
		if s.driver == name || slices.Contains(s.classPaths, name) {
			return s, true
		}
	}
	return store{}, false
}
