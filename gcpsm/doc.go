// Package gcpsm reads connections, variables and configuration from Google Secret Manager, under the names that Airflow
// gives them. Start with [Open] for the usual credentials, or with [New] for a client of your own.
//
// It has been tried against a stand-in that speaks the service's gRPC protocol to Google's own client. There is no
// emulator of the service to be had, and no test of this module has met the service itself.
//
// # Names
//
// The secret of a name is prefix + separator + id, with nothing trimmed or replaced: connection smtp_default is the
// secret airflow-connections-smtp_default, variable hello is airflow-variables-hello, config value sql_alchemy_conn is
// airflow-config-sql_alchemy_conn. Its version latest is read, and StoreName and errors tell the full name, which is
// projects/my-project/secrets/airflow-variables-hello/versions/latest. A blank prefix leaves the separator: -smtp_default.
//
// A secret's name has at most 255 letters, digits, dashes and underscores of ASCII. Any other name is not found, without
// a call. With [Options.Team] the secret airflow-connections-team-a--smtp_default is asked for before the one that all
// teams share.
//
// A connection is stored in URI or JSON form, white space around it is dropped. Variables and config values are returned
// byte for byte: one that was stored with echo ends in a newline.
//
// # Errors
//
//	NOT_FOUND                            secrets.ErrNotFound
//	PERMISSION_DENIED                    secrets.ErrDenied; also what the service says of an absent secret to a
//	                                     caller whose role is granted secret by secret
//	UNAUTHENTICATED                      secrets.ErrDenied
//	FAILED_PRECONDITION                  secrets.ErrDenied: the latest version is disabled or destroyed, or its key is
//	credentials missing, bad or refused  secrets.ErrDenied
//	token service unreachable, 429, 5xx  secrets.ErrUnavailable
//	RESOURCE_EXHAUSTED                   secrets.ErrUnavailable: over quota
//	UNAVAILABLE, refused connection, TLS secrets.ErrUnavailable
//	DEADLINE_EXCEEDED, no answer in time secrets.ErrUnavailable
//	INVALID_ARGUMENT                     secrets.ErrUnavailable: the service does not take the project
//	any other code                       secrets.ErrUnavailable
//	wrong CRC32C, no payload, not UTF-8, secrets.ErrMalformed
//	more than 4 MiB
//	after Close                          secrets.ErrClosed
//
// No text of an answer or of Google's client is part of an error, but for the reason that Google gives in capitals,
// such as SERVICE_DISABLED. The client's own debug log would hold payloads; it stays off, whatever
// GOOGLE_SDK_GO_LOGGING_LEVEL says, unless a logger is given in [Options.ClientOptions].
//
// # Permissions
//
// Lookups and Check need secretmanager.versions.access: the role roles/secretmanager.secretAccessor, on the project or
// on each secret. Only with the role on the project is an absent secret told from a forbidden one, and can Check pass: it
// asks for a secret of its own name below the first prefix. List needs secretmanager.secrets.list: the role
// roles/secretmanager.viewer on the project. Impersonation needs roles/iam.serviceAccountTokenCreator on each account of
// the chain, for the one before it. The API secretmanager.googleapis.com must be enabled.
//
// # URLs
//
//   - the service: https://cloud.google.com/secret-manager/docs
//   - its roles: https://cloud.google.com/secret-manager/docs/access-control
//   - default credentials: https://cloud.google.com/docs/authentication/application-default-credentials
//
// # Cost
//
// One lookup is one AccessSecretVersion, with a team at most two; Google bills each and limits them by project. Check is
// one, List one ListSecrets for every thousand secrets of the project, whatever their names. Google's client tries again
// by itself when the service is unavailable or over quota, with growing pauses, until the context ends: a call whose
// context has no deadline gets one, see [Options.Timeout]. Nothing else is tried again.
package gcpsm
