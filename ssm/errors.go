package ssm

import (
	"fmt"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
)

// codeInvalid is about a name that no parameter can have: names are all that the calls for values can be wrong about.
const codeInvalid = "ValidationException"

// failure is the table of the package comment; what is not here is the same for every service of AWS.
func failure(err error, permission string) error {
	switch awsclient.Code(err) {
	case "ParameterNotFound", "ParameterVersionNotFound", codeInvalid:
		return secrets.ErrNotFound
	case "InvalidKeyId":
		return fmt.Errorf("%w: the parameter's key is disabled, deleted or another account's (InvalidKeyId): enable it in KMS", secrets.ErrDenied)
	}
	return awsclient.Failure(err, permission)
}
