package secretsmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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

var (
	_ secrets.Backend      = (*Backend)(nil)
	_ secrets.ConfigGetter = (*Backend)(nil)
	_ secrets.Batcher      = (*Backend)(nil)
	_ secrets.Lister       = (*Backend)(nil)
	_ secrets.Checker      = (*Backend)(nil)
	_ secrets.Namer        = (*Backend)(nil)
	_ io.Closer            = (*Backend)(nil)
)

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
