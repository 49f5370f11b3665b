package awsiam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

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
			found, err := config.LoadDefaultConfig(ctx)
			if err != nil {
				return nil, configFailure(err)
			}
			if o.Region = found.Region; o.Region == "" {
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
		return aws.Credentials{}, awsclient.Failure(err, "sts:AssumeRole")
	}
	return keys, nil
}
