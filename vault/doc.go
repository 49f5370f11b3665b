// Package vault finds connections, variables and config values in HashiCorp Vault and in OpenBao, in their key/value
// engines of version 1 and 2, where Apache Airflow's hashicorp provider finds them.
//
// Start with [Open], which logs in, or with [New] over a client of your own that is logged in. The registered driver is
// called vault and takes Airflow's backend_kwargs.
//
// # Names
//
// With the defaults, the connection smtp_default is the secret connections/smtp_default of the engine mounted at secret,
// the variable hello is variables/hello, and the config value sql_alchemy_conn is config/sql_alchemy_conn. [Options]
// changes the mount and the three paths; ids may hold slashes. With MountFromID the id mnt/x is connections/x of the
// engine at mnt, and an id without a slash is not found. StoreName tells mount/path.
//
// Vault holds no name with a blank part (a//b, a/), with a part that is . or .., or with characters that do not
// print; version 1 holds none with two dots in a row. Such ids are not found, without a call.
//
// A connection is either the text under the key conn_uri of its secret, in URI or JSON form, or the secret's keys
// themselves, which are then the fields of the JSON form: conn_type, host, login and so on. A blank conn_uri is no
// conn_uri. A variable or config value is the text under the key value; a value that is no text is given as the JSON it
// is. A secret without that key is not found, and the error says why.
//
// # Errors
//
//	answer                                        class
//	404, a deleted or destroyed version           ErrNotFound
//	data: null, no key value                      ErrNotFound
//	403, after one new login                      ErrDenied
//	401                                           ErrDenied
//	a login answered 400, 401, 403, 404, 405      ErrDenied
//	a login answered without a token              ErrDenied
//	a credential file or argument is missing      ErrDenied
//	the answer or the secret is not of this form  ErrMalformed
//	text longer than backend.MaxText              ErrMalformed
//	412, 429, 472, 473                            ErrUnavailable
//	404 in other words than Vault's               ErrUnavailable
//	a second redirection                          ErrUnavailable
//	5xx (503: sealed)                             ErrUnavailable
//	connection refused, reset, TLS, time-out      ErrUnavailable
//	anything else                                 ErrUnavailable
//	after Close                                   ErrClosed
//
// Vault answers 404 also where no engine is mounted, and where version 1 is asked of an engine of version 2. A lookup
// cannot tell these from an absent secret; Check does.
//
// No error repeats what a server said: its words may quote what it was sent.
//
// # Permissions
//
// For an engine of version 2 mounted at secret, with the default paths:
//
//	path "secret/data/connections/*" { capabilities = ["read"] }
//	path "secret/data/variables/*"   { capabilities = ["read"] }
//	path "secret/data/config/*"      { capabilities = ["read"] }
//
// and for List, for each kind and its sub-folders:
//
//	path "secret/metadata/connections/*" { capabilities = ["list"] }
//	path "secret/metadata/variables/*"   { capabilities = ["list"] }
//	path "secret/metadata/config/*"      { capabilities = ["list"] }
//
// An engine of version 1 has neither data/ nor metadata/ in its paths: capabilities read and list are both on
// secret/connections/* and so on. Check needs no policy of its own. Renewing a token is allowed by the policy default.
//
// # URLs
//
// url, VAULT_ADDR or http://localhost:8200, in this order; unix:// sockets work too. Every VAULT_ variable of the
// vendor's client is honoured where no option says otherwise: VAULT_TOKEN, VAULT_NAMESPACE, VAULT_CACERT, VAULT_CAPATH,
// VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY, VAULT_PROXY_ADDR, VAULT_MAX_RETRIES,
// VAULT_CLIENT_TIMEOUT, VAULT_RATE_LIMIT and so on. They are read at the first lookup.
//
// # Cost
//
// A lookup is one request, with a team up to two. The first one logs in: one request more for every method but token
// (aws_iam, gcp and azure also ask their cloud). After two thirds of its lifetime a token is renewed, or if it cannot be,
// a new login made, by one lookup for all; there is no goroutine in the background, so a token may run out while nobody
// looks anything up, which costs a new login. An answer 403 costs one login and one more request, but not twice within 30
// seconds where the new token changed nothing. The vendor's client repeats a request that failed with 412, 429, 5xx or
// without an answer, up to three times within about a second and within the caller's context.
package vault
