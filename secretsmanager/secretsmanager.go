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
// # Connections
//
// The text is a URI, or a JSON object with the names that Airflow accepts: login, user, username or user_name; password,
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
// # Cost
//
// A lookup is one GetSecretValue call, two for a team's name that is absent; each is billed, also when nothing is found.
// Many lookups are one BatchGetSecretValue call for every twenty names. A list is one ListSecrets call for every hundred
// names. A check is one GetSecretValue call for the name secretchain-check, which need not exist.
package secretsmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/paging"
)

// Client is the part of the SDK's client that a Backend uses; *secretsmanager.Client of the SDK has it.
type Client interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	BatchGetSecretValue(context.Context, *secretsmanager.BatchGetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.BatchGetSecretValueOutput, error)
	ListSecrets(context.Context, *secretsmanager.ListSecretsInput, ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretsOutput, error)
}

var _ Client = (*secretsmanager.Client)(nil)

// Backend reads Secrets Manager. Besides Backend it has every optional ability of package secrets but Writer. Safe for
// concurrent use. Close lets go of the connections of a client that Open made, and leaves that of New to its owner; later
// calls fail with ErrClosed.
type Backend struct {
	*backend.TextStore
	client *awsclient.Client[Client]
	names  backend.Naming
}

// New returns a Backend on a client of the SDK, whose retries, time-outs and credentials are the caller's. It makes no
// call. The error tells arguments that cannot be used; its class is ErrMalformed.
func New(client Client, opts *Options) (*Backend, error) {
	opts = cmp.Or(opts, &Options{})
	ready, err := awsclient.Of(client, opts.AWS, service)
	if err != nil {
		return nil, err
	}
	return build(ready, opts)
}

// Open returns a Backend that makes its client at the first call, by Options.AWS. It does no I/O. The error tells
// arguments that cannot be used, and shows no value; its class is ErrMalformed.
func Open(_ context.Context, opts *Options) (*Backend, error) {
	opts = cmp.Or(opts, &Options{})
	if err := awsclient.Validate(opts.AWS, service, secretsmanager.ServiceAPIVersion); err != nil {
		return nil, err
	}
	return build(awsclient.New(opts.AWS, service, newClient), opts)
}

// service is what service_config calls Secrets Manager.
const service = "secretsmanager"

func newClient(cfg awsclient.Config, at awsclient.Endpoint) Client {
	return secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		if at.URL != "" {
			o.BaseEndpoint = &at.URL
		}
		o.EndpointOptions.DisableHTTPS = at.DisableHTTPS
	})
}

func build(client *awsclient.Client[Client], opts *Options) (*Backend, error) {
	if err := backend.CheckTeam(opts.Team); err != nil {
		return nil, err
	}
	words, err := newVocabulary(opts.ExtraConnWords, opts.URLEncoded)
	if err != nil {
		return nil, err
	}
	if opts.FullURLMode != nil && opts.Logger != nil {
		opts.Logger.Warn("argument full_url_mode is ignored: the text of a secret itself tells whether it is a URI", "backend", "secretsmanager")
	}
	b := &Backend{client: client, names: opts.naming()}
	b.TextStore = backend.NewTextStore(b.fetch, b.names, backend.TextOptions{
		Connections: words.connections, FetchMany: b.fetchMany, List: b.list, Check: b.check, Close: client.Close,
	})
	return b, nil
}

func (b *Backend) fetch(ctx context.Context, name string) (string, error) {
	client, err := b.client.Get(ctx)
	if err != nil {
		return "", err
	}
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", failure(err)
	}
	return text(out.SecretString, out.SecretBinary)
}

func text(s *string, data []byte) (string, error) {
	switch {
	case s != nil:
		return *s, nil
	case data != nil:
		return string(data), nil
	}
	return "", fmt.Errorf("%w: the secret has neither text nor bytes: store a value", secrets.ErrMalformed)
}

func (b *Backend) list(ctx context.Context, head string, yield func(name string) bool) error {
	if strings.HasPrefix(head, "arn:") {
		return fmt.Errorf("%w: secrets of another account cannot be listed", errors.ErrUnsupported)
	}
	in := &secretsmanager.ListSecretsInput{MaxResults: &pageSize}
	if head != "" {
		if !validName(head) {
			return nil // nothing can begin with it
		}
		if !strings.HasPrefix(head, "!") { // in a filter it would mean not
			in.Filters = []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{head}}}
		}
	}
	client, err := b.client.Get(ctx)
	if err != nil {
		return err
	}
	pages := secretsmanager.NewListSecretsPaginator(client, in)
	var tokens paging.Tokens
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return awsclient.Failure(err, "secretsmanager:ListSecrets on all secrets")
		}
		for i := range page.SecretList {
			if !yield(aws.ToString(page.SecretList[i].Name)) {
				return nil
			}
		}
		if err := tokens.Turn(aws.ToString(page.NextToken)); err != nil {
			return err
		}
	}
	return nil
}

// pageSize is how many names one ListSecrets call gives.
var pageSize int32 = 100

func (b *Backend) check(ctx context.Context) error {
	return backend.CheckByLookup(ctx, &b.names, b.fetch)
}

// failure is the table of the package comment; what is not here is the same for every service of AWS.
func failure(err error) error {
	const permission = "secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key"
	switch awsclient.Code(err) {
	case "ResourceNotFoundException", "ValidationException", "InvalidParameterException":
		return secrets.ErrNotFound // names are all that the calls for values can be wrong about
	case "InvalidRequestException":
		if awsclient.SaysDeleted(err) {
			return secrets.ErrNotFound
		}
	case "DecryptionFailure":
		return fmt.Errorf("%w: the secret cannot be decrypted (DecryptionFailure): check its key in KMS, and allow kms:Decrypt on it", secrets.ErrDenied)
	}
	return awsclient.Failure(err, permission)
}
