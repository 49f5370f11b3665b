package ssm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/paging"
)

// Client is the part of the SDK's client that a Backend uses; *ssm.Client of the SDK has it.
type Client interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	GetParameters(context.Context, *ssm.GetParametersInput, ...func(*ssm.Options)) (*ssm.GetParametersOutput, error)
	DescribeParameters(context.Context, *ssm.DescribeParametersInput, ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error)
}

var _ Client = (*ssm.Client)(nil)

// Backend reads Parameter Store. Besides Backend it has every optional ability of package secrets but Writer. Safe for
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
	if err := awsclient.Validate(opts.AWS, service, ssm.ServiceAPIVersion); err != nil {
		return nil, err
	}
	return build(awsclient.New(opts.AWS, service, newClient), opts)
}

// service is what the SDK and service_config call Parameter Store.
const service = "ssm"

func newClient(cfg awsclient.Config, at awsclient.Endpoint) Client {
	return ssm.NewFromConfig(cfg, func(o *ssm.Options) {
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
	b := &Backend{client: client, names: opts.naming()}
	b.TextStore = backend.NewTextStore(b.fetch, b.names, backend.TextOptions{
		FetchMany: b.fetchMany, List: b.list, Check: b.check, Close: client.Close,
	})
	return b, nil
}

func (b *Backend) fetch(ctx context.Context, name string) (string, error) {
	client, err := b.client.Get(ctx)
	if err != nil {
		return "", err
	}
	out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: &decrypt})
	if err != nil {
		return "", failure(err, "ssm:GetParameter on the parameter, and kms:Decrypt on its key")
	}
	return text(out.Parameter)
}

// decrypt is shared by all calls; nobody writes to it.
var decrypt = true

func text(p *types.Parameter) (string, error) {
	if p == nil || p.Value == nil {
		return "", fmt.Errorf("%w: the answer holds no value: check endpoint_url", secrets.ErrUnavailable)
	}
	return *p.Value, nil
}

// batch is how many names one GetParameters call takes.
const batch = 10

func (b *Backend) fetchMany(ctx context.Context, names []string) (map[string]string, error) {
	client, err := b.client.Get(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]string, len(names))
	for some := range slices.Chunk(names, batch) {
		out, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: some, WithDecryption: &decrypt})
		switch {
		case awsclient.Code(err) == codeInvalid: // one impossible name spoils the call for the others
			if err := b.fetchEach(ctx, some, found); err != nil {
				return found, err
			}
			continue
		case err != nil:
			return found, failure(err, "ssm:GetParameters on the parameters, and kms:Decrypt on their keys")
		}
		for i := range out.Parameters {
			p := &out.Parameters[i]
			value, err := text(p)
			if err != nil || p.Name == nil {
				return found, fmt.Errorf("%w: the answer holds a parameter without name or value: check endpoint_url", secrets.ErrUnavailable)
			}
			found[*p.Name] = value
		}
	}
	return found, nil
}

// fetchEach asks for names one by one. A refusal is that of one parameter and hides no other; what else fails ends it.
func (b *Backend) fetchEach(ctx context.Context, names []string, found map[string]string) error {
	var failures []error
	for _, name := range names {
		value, err := b.fetch(ctx, name)
		switch {
		case err == nil:
			found[name] = value
		case errors.Is(err, secrets.ErrNotFound):
		default:
			failures = append(failures, &secrets.Error{Op: "get", StoreName: name, Err: err})
			if !errors.Is(err, secrets.ErrDenied) {
				return errors.Join(failures...)
			}
		}
	}
	return errors.Join(failures...)
}

func (b *Backend) list(ctx context.Context, head string, yield func(name string) bool) error {
	path := strings.TrimRight(head, "/")
	if path == "" {
		path = "/"
	}
	if !valid(path) {
		return nil // nothing can be below it
	}
	client, err := b.client.Get(ctx)
	if err != nil {
		return err
	}
	pages := ssm.NewDescribeParametersPaginator(client, &ssm.DescribeParametersInput{
		MaxResults:       &pageSize,
		ParameterFilters: []types.ParameterStringFilter{{Key: &filterKey, Option: &filterOption, Values: []string{path}}},
	})
	var tokens paging.Tokens
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		switch {
		case awsclient.Code(err) == codeInvalid: // doubled slashes, or AWS's own /aws/reference
			return fmt.Errorf("%w: the service does not list what is below this prefix", errors.ErrUnsupported)
		case err != nil:
			return awsclient.Failure(err, "ssm:DescribeParameters on all parameters")
		}
		for _, p := range page.Parameters {
			if p.Name != nil && !yield(*p.Name) {
				return nil
			}
		}
		if err := tokens.Turn(aws.ToString(page.NextToken)); err != nil {
			return err
		}
	}
	return nil
}

// What every DescribeParameters call asks for.
var (
	pageSize     int32 = 50
	filterKey          = "Path"
	filterOption       = "Recursive"
)

func (b *Backend) check(ctx context.Context) error {
	return backend.CheckByLookup(ctx, &b.names, b.fetch)
}
