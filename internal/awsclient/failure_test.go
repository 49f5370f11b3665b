package awsclient

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

const planted = "planted-3b1f"

// What cannot be had over loopback: the rest of the table goes through the SDK in package awstest.
func TestFailureOfThingsThatAreNotOnLoopback(t *testing.T) {
	inner := &smithy.OperationError{ServiceID: "SSO", OperationName: "GetRoleCredentials", Err: &smithy.GenericAPIError{Code: "UnauthorizedException", Message: planted}}
	for name, row := range map[string]struct {
		err   error
		class error
		shows string
	}{
		"unknown host":                {&net.OpError{Op: "dial", Err: &net.DNSError{Name: planted, Err: planted}}, secrets.ErrUnavailable, "name is not known"},
		"anything":                    {errors.New(planted), secrets.ErrUnavailable, "region_name"},
		"login of the caller's":       {&smithy.OperationError{ServiceID: "SSM", OperationName: "GetParameter", Err: fmt.Errorf("get identity: %w", inner)}, secrets.ErrDenied, "login: refused (UnauthorizedException)"},
		"empty keys of the caller's":  {&smithy.OperationError{ServiceID: "SSM", Err: &credentials.StaticCredentialsEmptyError{}}, secrets.ErrDenied, "no usable credentials"},
		"login that names an absence": {&loginError{&smithy.GenericAPIError{Code: "ParameterNotFound"}}, secrets.ErrDenied, "login"},
		"a code that is none":         {&smithy.GenericAPIError{Code: planted + " " + planted}, secrets.ErrUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Failure(row.err, "x")
			assert.ErrorIs(t, err, row.class)
			assert.Contains(t, err.Error(), row.shows)
			assert.NotContains(t, err.Error(), planted)
			assert.NotErrorIs(t, err, row.err, "the SDK's error is not passed on")
		})
	}
	assert.Empty(t, Code(&loginError{&smithy.GenericAPIError{Code: "ParameterNotFound"}}), "a login's code is not the store's")
	assert.NotContains(t, (&loginError{errors.New(planted)}).Error(), planted)
}
