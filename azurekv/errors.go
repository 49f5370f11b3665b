package azurekv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
)

var errNoVault = fmt.Errorf("%w: vault_url is blank: give https://<name>.vault.azure.net/", secrets.ErrDenied)

// failure maps what a call ended with to a class: the table of the package comment. It holds no text of err.
func failure(err error) error {
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return answerFailure(answer)
	}
	login, isLogin := errors.AsType[*loginError](err)
	switch {
	case isLogin:
		return login.failure()
	case errors.Is(err, errNoVault), errors.Is(err, secrets.ErrClosed):
		return err
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("%w: %v", secrets.ErrMalformed, errTooLarge)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: no answer in time", secrets.ErrUnavailable)
	}
	if strings.HasPrefix(err.Error(), "unmarshalling type ") { // a text is all that Microsoft's client leaves of it
		return fmt.Errorf("%w: the answer is no secret; check vault_url", secrets.ErrMalformed)
	}
	if why := netfail.Why(err); why != "" {
		return fmt.Errorf("%w: the vault cannot be reached: %s", secrets.ErrUnavailable, why)
	}
	return fmt.Errorf("%w: the call failed before an answer; check vault_url, and DisableChallengeResourceVerification "+
		"if the vault is behind another host name", secrets.ErrUnavailable)
}

func answerFailure(answer *azcore.ResponseError) error {
	code := shown(answer)
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound && answer.ErrorCode == "SecretNotFound":
		return secrets.ErrNotFound
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: status 404%s is not Key Vault's word for an absent secret; check vault_url", secrets.ErrUnavailable, code)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the vault does not accept the login (status 401%s); is it for another tenant?", secrets.ErrDenied, code)
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: the vault refuses (status 403%s): %s", secrets.ErrDenied, code, forbidden(code))
	case status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: the vault throttles (status 429)", secrets.ErrUnavailable)
	default:
		return fmt.Errorf("%w: the vault answers with status %d%s", secrets.ErrUnavailable, status, code)
	}
}

// listFailure is failure for a list, which cannot be absent.
func listFailure(err error) error {
	if err = failure(err); errors.Is(err, secrets.ErrNotFound) {
		return fmt.Errorf("%w: the vault knows no list of secrets; check vault_url", secrets.ErrUnavailable)
	}
	return err
}

// forbidden says what to do about a refusal.
func forbidden(code string) string {
	switch code {
	case ", SecretDisabled":
		return "the secret is disabled; enable it"
	case ", ForbiddenByFirewall", ", ForbiddenByConnection":
		return "let this address through the vault's firewall"
	}
	return "give the identity the role Key Vault Secrets User on the vault, or get and list for secrets in its access policy"
}

// letters is what the service's codes look like.
var letters = regexp.MustCompile(`^[A-Z][A-Za-z]{1,62}$`)

// shown is the service's own code, the inner one where there is one: it tells a disabled secret from a missing role.
func shown(answer *azcore.ResponseError) string {
	code := answer.ErrorCode
	if answer.RawResponse != nil {
		var body struct {
			Error struct {
				Inner struct {
					Code string `json:"code"`
				} `json:"innererror"`
			} `json:"error"`
		}
		if text, err := runtime.Payload(answer.RawResponse); err == nil && json.Unmarshal(text, &body) == nil && body.Error.Inner.Code != "" {
			code = body.Error.Inner.Code
		}
	}
	if !letters.MatchString(code) {
		return ""
	}
	return ", " + code
}

// loginError is a failure of the login, before the vault had a say.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.failure().Error() }

// NonRetriable tells Microsoft's client what it would find out by itself from the error within.
func (e *loginError) NonRetriable() {}

// aadsts is the login service's number for what went wrong.
var aadsts = regexp.MustCompile(`AADSTS\d{1,9}`)

func (e *loginError) failure() error {
	answer := new(azidentity.AuthenticationFailedError)
	refused := errors.As(e.err, &answer)
	number := aadsts.FindString(e.err.Error())
	if number != "" {
		number = ", " + number
	}
	if refused && answer.RawResponse != nil {
		status := answer.RawResponse.StatusCode
		if status == http.StatusTooManyRequests || status >= 500 {
			return fmt.Errorf("%w: the login service answers with status %d%s", secrets.ErrUnavailable, status, number)
		}
		return fmt.Errorf("%w: the login service refuses the credentials (status %d%s)", secrets.ErrDenied, status, number)
	}
	if why := netfail.Why(e.err); refused && why != "" {
		return fmt.Errorf("%w: the login service cannot be reached: %s", secrets.ErrUnavailable, why)
	}
	if refused {
		return fmt.Errorf("%w: the login failed%s; check the tenant, the client and its credentials", secrets.ErrDenied, number)
	}
	return fmt.Errorf("%w: no credentials that can be used: give tenant_id, client_id and client_secret, set AZURE_TENANT_ID, AZURE_CLIENT_ID "+
		"and AZURE_CLIENT_SECRET, or run where Azure gives an identity", secrets.ErrDenied)
}
