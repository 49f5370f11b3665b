package awsiam

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/lazy"
)

// provider finds credentials as the stores on AWS do. The configuration is read at the first login.
type provider struct {
	source *lazy.Value[aws.CredentialsProvider]
}

func newProvider(o awsclient.Options) provider {
	return provider{lazy.New(func(ctx context.Context) (aws.CredentialsProvider, error) {
		if o.Region == "" { // the call that assumes a role needs one
			region, err := defaultRegion(ctx)
			if err != nil {
				return nil, err
			}
			if o.Region = region; region == "" {
				o.Region = globalRegion
			}
		}
		return awsclient.New(o, "sts", func(cfg awsclient.Config, _ awsclient.Endpoint) aws.CredentialsProvider {
			return cfg.Credentials
		}).Get(ctx)
	})}
}

// Retrieve returns the keys; those of a role are assumed anew before they expire.
func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	source, err := p.source.Get(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	keys, err := source.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("AWS credentials for the login to Vault: %w", awsclient.Failure(err, "sts:AssumeRole"))
	}
	return keys, nil
}

// defaultRegion is that of the environment or of the profile, "" where they have none. Its error does not pass on the SDK's
// words: they may quote what its files say.
func defaultRegion(ctx context.Context) (string, error) {
	found, err := config.LoadDefaultConfig(ctx,
		config.WithLogger(logging.Nop{}),                           // the SDK would write to standard error
		config.WithCredentialsProvider(aws.AnonymousCredentials{})) // those are not asked for here
	if err != nil {
		return "", fmt.Errorf("%w: the AWS configuration for the login to Vault cannot be used (%T): check the shared configuration files and the AWS_ variables",
			secrets.ErrDenied, err)
	}
	return found.Region, nil
}
