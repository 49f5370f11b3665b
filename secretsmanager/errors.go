package secretsmanager

import (
	"fmt"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
)

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
