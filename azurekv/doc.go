// Package azurekv reads connections, variables and configuration from Azure Key Vault, under the names that Airflow
// gives them. Start with [Open] for the usual credentials, or with [New] for a client of your own.
//
// It has been tried against a stand-in that speaks Key Vault's protocol over TLS, with its login by challenge, to
// Microsoft's own client. There is no emulator of the service to be had, and no test of this module has met the service
// itself.
//
// # Names
//
// The secret of a name is prefix + separator + id, with the separators at the prefix's end dropped, and then every
// underscore of the whole turned into the separator: connection smtp_default is the secret
// airflow-connections-smtp-default, variable hello is airflow-variables-hello, config value sql_alchemy_conn is
// airflow-config-sql-alchemy-conn. A blank prefix leaves the id alone. The newest version is read.
//
// So my_db and my-db are one secret, and as Key Vault ignores the case of letters, so are my_db and MY_DB: such names
// cannot be told apart, here or in Airflow. List tells ids as they are spelt in the vault, with dashes.
//
// A secret's name has at most 127 letters, digits and dashes of ASCII. Any other name is not found, without a call. With
// [Options.Team] the secret airflow-connections-team-a--smtp-default is asked for before the one that all teams share.
//
// A connection is stored in URI or JSON form, white space around it is dropped. Variables and config values are returned
// byte for byte. A secret outside its dates of activation and expiry is returned: the service hands it out and leaves
// the dates to the caller, and Airflow ignores them.
//
// # Errors
//
//	404 SecretNotFound                    secrets.ErrNotFound; a deleted secret that can be recovered, too
//	404 of any other kind                 secrets.ErrUnavailable: no Key Vault answers at vault_url
//	401                                   secrets.ErrDenied
//	403                                   secrets.ErrDenied: no permission, the vault's firewall, or a disabled secret,
//	                                      which the service answers with 403 SecretDisabled
//	login refused, no credentials found   secrets.ErrDenied
//	login unreachable, 429, 5xx           secrets.ErrUnavailable
//	429                                   secrets.ErrUnavailable: throttled
//	5xx                                   secrets.ErrUnavailable
//	refused connection, TLS, time-out     secrets.ErrUnavailable
//	any other status                      secrets.ErrUnavailable
//	an answer that is no secret, more     secrets.ErrMalformed
//	than 4 MiB
//	after Close                           secrets.ErrClosed
//
// No text of an answer or of Microsoft's client is part of an error, but for the service's own codes, such as
// ForbiddenByRbac, and the numbers of the login service, such as AADSTS7000215. The client logs nothing unless
// AZURE_SDK_GO_LOGGING is set or a listener is registered with its log package; its log holds values only if
// Logging.IncludeBody of [Options.ClientOptions] is set.
//
// # Permissions
//
// Lookups and Check need Microsoft.KeyVault/vaults/secrets/getSecret/action: the role Key Vault Secrets User on the
// vault, or "get" for secrets in an access policy. Check asks for a secret of its own name below the first prefix. List
// needs Microsoft.KeyVault/vaults/secrets/readMetadata/action: the same role, or "list" in the policy.
//
// # URLs
//
//   - the service: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
//   - its roles: https://learn.microsoft.com/azure/key-vault/general/rbac-guide
//   - default credentials: https://aka.ms/azsdk/go/identity/credential-chains
//
// # Cost
//
// One lookup is one GET, with a team at most two; Microsoft bills each and limits them by vault. The first lookup adds a
// GET that the vault answers with its challenge, and a login; logins follow about hourly. Check is one GET, List one for
// every 25 secrets of the vault, whatever their names. Microsoft's client tries again by itself, three times with growing
// pauses, when the service cannot be reached, throttles or fails, until the context ends: a call whose context has no
// deadline gets one, see [Options.Timeout]. Nothing else is tried again.
package azurekv
