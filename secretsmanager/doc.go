// Package secretsmanager looks secrets up in AWS Secrets Manager, where Airflow's SecretsManagerBackend has them
// (specification, backends §5). [Open] uses the usual AWS credentials; [New] takes a client of the AWS SDK.
//
// # Names
//
// Connection smtp_default is the secret airflow/connections/smtp_default: prefix, separator, id. Variables are below
// airflow/variables, config values below airflow/config. With a blank prefix the id alone is the name, and may be an ARN;
// a prefix may be an ARN without its last part, for secrets of another account. No region is checked: a secret of another
// region than the client's is not found. With a team, team-a's own airflow/connections/team-a--smtp_default is asked for
// first.
//
// Ids that no secret can be called by are not found, without a call: those with other characters than A–Z a–z 0–9 / _ + = . @ ! -,
// and those that make the name longer than 512 characters.
//
// A value is the current version's (AWSCURRENT). A binary secret is taken for its text if it is UTF-8.
//
// The text of a connection is a URI, or a JSON object with the names that Airflow accepts: login, user, username or user_name; password,
// pass or key; host, remote_host or server; port; schema or database; conn_type, conn_id, connection_type or engine;
// extra. Of several names for one field the first in the secret wins; other names are ignored. [Options.ExtraConnWords]
// adds names. A secret that RDS manages has its database under dbname, which Airflow does not know; one option finds it:
//
//	Options{ExtraConnWords: map[string][]string{"schema": {"dbname"}}}
//
// # Errors
//
//	ResourceNotFoundException, ValidationException, InvalidParameterException   not found
//	InvalidRequestException of a secret that is marked for deletion             not found
//	DecryptionFailure                                                           denied
//	AccessDeniedException                                                       denied
//	UnrecognizedClientException, InvalidSignatureException                      denied
//	ExpiredTokenException, no usable credentials, a refused login               denied
//	status 401, 403, 407 without a known code                                   denied
//	ThrottlingException and its kin, status 429                                 unavailable
//	InternalServiceError, status 5xx                                            unavailable
//	no connection, no trusted certificate, no answer in time                    unavailable
//	an answer that is not AWS's, and every other code                           unavailable
//	a text that is not UTF-8, an answer of more than 16 MiB                     malformed
//	after Close                                                                 closed
//
// An error keeps AWS's code, status and request id. AWS's own words, which repeat names of accounts and identities, are
// left out. The SDK tries a failed call three times; the caller's context bounds them all, and one attempt takes no longer
// than [ClientConfig] says.
//
// # Permissions
//
// The last statement is for batches (Chain.Prefetch) and List only. Leave the second out if all secrets use the key
// aws/secretsmanager.
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {
//	      "Effect": "Allow",
//	      "Action": "secretsmanager:GetSecretValue",
//	      "Resource": "arn:aws:secretsmanager:REGION:ACCOUNT:secret:airflow/*"
//	    },
//	    {
//	      "Effect": "Allow",
//	      "Action": "kms:Decrypt",
//	      "Resource": "arn:aws:kms:REGION:ACCOUNT:key/KEY"
//	    },
//	    {
//	      "Effect": "Allow",
//	      "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"],
//	      "Resource": "*"
//	    }
//	  ]
//	}
//
// # URLs
//
// The service is asked at endpoint_url, AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_ENDPOINT_URL or the profile's, in this order,
// else at AWS's own https://secretsmanager.REGION.amazonaws.com; STS, for a role, at that of service_config,
// AWS_ENDPOINT_URL_STS and so on. Proxies are those of HTTPS_PROXY and the like, or of [ClientConfig].
//
//   - the service: https://docs.aws.amazon.com/secretsmanager/latest/userguide/intro.html
//   - its permissions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access.html
//   - default credentials: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
//
// # Cost
//
// A lookup is one GetSecretValue call, two for a team's name that is absent; each is billed, also when nothing is found.
// Many lookups are one BatchGetSecretValue call for every twenty names. A list is one ListSecrets call for every hundred
// names. A check is one GetSecretValue call for the name secretchain-check, which need not exist.
package secretsmanager
