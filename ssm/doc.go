// Package ssm looks secrets up in AWS Systems Manager Parameter Store, where Airflow's SystemsManagerParameterStoreBackend
// has them (specification, backends §4). [Open] uses the usual AWS credentials; [New] takes a client of the AWS SDK.
//
// # Names
//
// Connection smtp_default is the parameter /airflow/connections/smtp_default: prefix, slash, id, with one slash at the
// beginning, whether or not the prefix has one. Variables are below /airflow/variables, config values below
// /airflow/config. A blank prefix gives /smtp_default. With a team, team-a's own /airflow/connections/team-a--smtp_default
// is asked for first.
//
// Ids that no parameter can be called by are not found, without a call: those with other characters than A–Z a–z 0–9 . - _ /,
// those that make the name longer than 1011 characters or deeper than 15 levels. That includes ids with a colon, which
// the service would read as a version or a label.
//
// A value is the latest version's, decrypted. A StringList is its text, with the commas.
//
// # Errors
//
//	ParameterNotFound, ParameterVersionNotFound, ValidationException   not found
//	InvalidKeyId                                                       denied
//	AccessDeniedException                                              denied
//	UnrecognizedClientException, InvalidSignatureException             denied
//	ExpiredTokenException, no usable credentials, a refused login      denied
//	status 401, 403, 407 without a known code                          denied
//	ThrottlingException and its kin, status 429                        unavailable
//	InternalServerError, status 5xx                                    unavailable
//	no connection, no trusted certificate, no answer in time           unavailable
//	an answer that is not AWS's, and every other code                  unavailable
//	a text that is not UTF-8, an answer of more than 16 MiB            malformed
//	after Close                                                        closed
//
// An error keeps AWS's code, status and request id. AWS's own words, which repeat names of accounts and identities, are
// left out. The SDK tries a failed call three times; the caller's context bounds them all, and one attempt takes no longer
// than [ClientConfig] says.
//
// # Permissions
//
// The last statement is for List only. Leave the second out if no parameter is a SecureString, or all use the key aws/ssm.
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {
//	      "Effect": "Allow",
//	      "Action": ["ssm:GetParameter", "ssm:GetParameters"],
//	      "Resource": "arn:aws:ssm:REGION:ACCOUNT:parameter/airflow/*"
//	    },
//	    {
//	      "Effect": "Allow",
//	      "Action": "kms:Decrypt",
//	      "Resource": "arn:aws:kms:REGION:ACCOUNT:key/KEY"
//	    },
//	    {
//	      "Effect": "Allow",
//	      "Action": "ssm:DescribeParameters",
//	      "Resource": "*"
//	    }
//	  ]
//	}
//
// # URLs
//
// The service is asked at endpoint_url, AWS_ENDPOINT_URL_SSM, AWS_ENDPOINT_URL or the profile's, in this order, else at AWS's
// own https://ssm.REGION.amazonaws.com; STS, for a role, at that of service_config, AWS_ENDPOINT_URL_STS and so on. Proxies
// are those of HTTPS_PROXY and the like, or of [ClientConfig].
//
//   - the service: https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
//   - its permissions: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
//   - default credentials: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
//
// # Cost
//
// A lookup is one GetParameter call, two for a team's name that is absent. Many lookups are one GetParameters call for
// every ten names. A list is one DescribeParameters call for every fifty names. A check is one GetParameter call for the
// name secretchain-check, which need not exist. Standard throughput is 40 calls a second: cache.
package ssm
