package awsclient

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/lazy"
)

// Client holds the client of one service, which C stands for. It is made at the first call, once, for all callers; a
// failure to make it is not remembered. Safe for concurrent use.
type Client[C any] struct {
	value *lazy.Value[made[C]]
}

type made[C any] struct {
	client C
	http   *httpClient // nil: the client is the caller's
}

// Config is the SDK's.
type Config = aws.Config

// Endpoint is what the arguments say about where a service is.
type Endpoint struct {
	URL          string // "": what the configuration finds
	DisableHTTPS bool   // ask AWS's own endpoint over plain HTTP
}

// New returns the Client that build makes of the arguments for service, without I/O. The arguments are valid and not
// changed any more.
func New[C any](o Options, service string, build func(cfg Config, at Endpoint) C) *Client[C] {
	return &Client[C]{lazy.New(func(ctx context.Context) (made[C], error) {
		cfg, transport, err := o.load(ctx, service)
		if err != nil {
			return made[C]{}, err
		}
		at := Endpoint{URL: o.endpoint(service), DisableHTTPS: o.UseSSL != nil && !*o.UseSSL}
		if at.URL != "" {
			at.DisableHTTPS = false
		}
		return made[C]{build(cfg, at), transport}, nil
	})}
}

// Of returns the Client that holds client, which has its settings already and is its owner's to close. It refuses nil, and
// arguments that would be for one of our own making, with ErrMalformed.
func Of[C any](client C, o Options, service string) (*Client[C], error) {
	switch {
	case any(client) == nil:
		return nil, backend.Refused(fmt.Errorf("%s: the client is nil", service))
	case !reflect.ValueOf(o).IsZero():
		return nil, backend.Refused(fmt.Errorf("%s: Options.AWS is for Open; the client of New is ready", service))
	}
	return &Client[C]{lazy.Of(made[C]{client: client})}, nil
}

// Get returns the client. Its error has a class, ErrClosed after Close, and shows no argument.
func (c *Client[C]) Get(ctx context.Context) (C, error) {
	m, err := c.value.Get(ctx)
	return m.client, err
}

// Close ends the Client: Get fails with ErrClosed from now on. A client of our own making lets go of its connections; the
// caller's is left as it is.
func (c *Client[C]) Close() error {
	c.value.Close(secrets.ErrClosed, func(m made[C]) {
		if m.http != nil {
			m.http.CloseIdleConnections()
		}
	})
	return nil
}

// load reads the environment and the shared configuration files, and puts the arguments on top.
func (o *Options) load(ctx context.Context, service string) (aws.Config, *httpClient, error) {
	transport, err := o.transport()
	if err != nil {
		return aws.Config{}, nil, fmt.Errorf("%w: %w", secrets.ErrUnavailable, err)
	}
	settings := []func(*config.LoadOptions) error{
		config.WithHTTPClient(transport),
		config.WithLogger(logging.Nop{}), // the SDK would write to standard error
		config.WithRegion(o.Region),
		config.WithSharedConfigProfile(o.Profile),
		config.WithRetryMaxAttempts(o.Client.MaxAttempts),
		config.WithRetryMode(aws.RetryMode(o.Client.RetryMode)),
		config.WithAppID(o.Client.AppID),
	}
	switch {
	case o.AssumeRoleMethod == methodWebIdentity: // which needs no keys, and AWS_WEB_IDENTITY_TOKEN_FILE may name no role
		settings = append(settings, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case o.AccessKeyID != "":
		settings = append(settings, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(
			o.AccessKeyID, o.SecretAccessKey.Reveal(), o.SessionToken.Reveal())))
	}
	if o.Client.FIPS {
		settings = append(settings, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if o.Client.DualStack {
		settings = append(settings, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	if path := o.Verify.CABundle; path != "" {
		bundle, err := os.Open(path)
		if err != nil {
			return aws.Config{}, nil, fmt.Errorf("%w: the CA bundle that verify names cannot be opened", secrets.ErrUnavailable)
		}
		defer bundle.Close()
		settings = append(settings, config.WithCustomCABundle(bundle))
	}
	cfg, err := config.LoadDefaultConfig(ctx, settings...)
	if err != nil {
		return aws.Config{}, nil, loadFailure(err)
	}
	if cfg.Region == "" {
		return aws.Config{}, nil, fmt.Errorf("%w: no region is set: give region_name, AWS_REGION, or a profile with a region", secrets.ErrUnavailable)
	}
	if finished, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport = finished // with the CA bundle
	}
	client := newHTTPClient(transport)
	cfg.HTTPClient = client
	if cfg.Credentials, err = o.login(cfg, service); err != nil {
		return aws.Config{}, nil, err
	}
	return cfg, client, nil
}

// loadFailure says why the configuration could not be read. Its text is ours: the SDK's may quote a line of a file.
func loadFailure(err error) error {
	if _, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return fmt.Errorf("%w: the shared configuration files lack the profile, or the one it refers to: mend profile_name or AWS_PROFILE, or add it",
			secrets.ErrDenied)
	}
	return fmt.Errorf("%w: the AWS configuration cannot be used (%T): check the shared configuration files, the AWS_ variables and verify",
		secrets.ErrUnavailable, err)
}
