// Package awskms stands in for the seal of the same name, which no test uses, and keeps its cloud SDK out of the build.
package awskms

import (
	"context"
	"errors"

	"github.com/hashicorp/go-hclog"
	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
)

// Wrapper refuses to be configured.
type Wrapper struct{ wrapping.Wrapper }

// NewWrapper returns a Wrapper.
func NewWrapper() *Wrapper { return &Wrapper{} }

// SetConfig fails.
func (*Wrapper) SetConfig(context.Context, ...wrapping.Option) (*wrapping.WrapperConfig, error) {
	return nil, errors.New("awskms is not built into this test server")
}

// WithLogger is accepted and ignored.
func WithLogger(hclog.Logger) wrapping.Option { return nil }

// WithDisallowEnvVars is accepted and ignored.
func WithDisallowEnvVars(bool) wrapping.Option { return nil }

// Names of environment variables that the server's configuration would read; their text is our own.
const (
	EnvAwsKmsWrapperKeyId   = "stub-EnvAwsKmsWrapperKeyId"
	EnvVaultAwsKmsSealKeyId = "stub-EnvVaultAwsKmsSealKeyId"
)
