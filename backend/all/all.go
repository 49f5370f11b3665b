// Package all registers every store of this module, every dialect of the metastore and every login of Vault, so that
// [backend.Open] and airflowcfg open whatever a configuration names. It links every SDK: a program that knows its stores
// imports their packages instead. Only programs and tests import it.
package all

import (
	_ "github.com/secretchain/secrets/azurekv"
	_ "github.com/secretchain/secrets/envbackend"
	_ "github.com/secretchain/secrets/gcpsm"
	_ "github.com/secretchain/secrets/localfs"
	_ "github.com/secretchain/secrets/metastore/mysql"
	_ "github.com/secretchain/secrets/metastore/postgres"
	_ "github.com/secretchain/secrets/metastore/sqlite"
	_ "github.com/secretchain/secrets/secretsmanager"
	_ "github.com/secretchain/secrets/ssm"
	_ "github.com/secretchain/secrets/vault"
	_ "github.com/secretchain/secrets/vault/awsiam"
	_ "github.com/secretchain/secrets/vault/azure"
	_ "github.com/secretchain/secrets/vault/gcp"
)
