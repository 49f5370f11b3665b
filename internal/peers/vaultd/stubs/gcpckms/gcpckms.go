// Package gcpckms stands in for the seal of the same name, which no test uses, and keeps its cloud SDK out of the build.
package gcpckms

import (
	"context"
	"errors"

	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
)

// Wrapper refuses to be configured.
type Wrapper struct{ wrapping.Wrapper }

// NewWrapper returns a Wrapper.
func NewWrapper() *Wrapper { return &Wrapper{} }

// SetConfig fails.
func (*Wrapper) SetConfig(context.Context, ...wrapping.Option) (*wrapping.WrapperConfig, error) {
	return nil, errors.New("gcpckms is not built into this test server")
}

// Names of environment variables that the server's configuration would read; their text is our own.
const (
	EnvGcpCkmsWrapperCredsPath   = "stub-EnvGcpCkmsWrapperCredsPath"
	EnvGcpCkmsWrapperCryptoKey   = "stub-EnvGcpCkmsWrapperCryptoKey"
	EnvGcpCkmsWrapperKeyRing     = "stub-EnvGcpCkmsWrapperKeyRing"
	EnvGcpCkmsWrapperLocation    = "stub-EnvGcpCkmsWrapperLocation"
	EnvGcpCkmsWrapperProject     = "stub-EnvGcpCkmsWrapperProject"
	EnvVaultGcpCkmsSealCryptoKey = "stub-EnvVaultGcpCkmsSealCryptoKey"
	EnvVaultGcpCkmsSealKeyRing   = "stub-EnvVaultGcpCkmsSealKeyRing"
)
