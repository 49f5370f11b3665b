package awsclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/secretchain/secrets"
)

// Code returns the error code with which the service itself answered, "" where it did not answer with one: a failed
// login is no answer of the store, whatever code it has.
func Code(err error) string {
	if isLogin(err) {
		return ""
	}
	return code(err)
}

// Failure gives a failure of the SDK its class and words of our own. The SDK's words are never passed on: they repeat
// what servers say and what requests held. What is kept is the error code, the HTTP status and AWS's request id, each
// checked for its form. Permission names the permissions that the call needs, for the error of one that lacks them.
//
// Stores map the codes that only they know and leave the rest to Failure.
func Failure(err error, permission string) error {
	r := reasonOf(err, permission)
	if isLogin(err) {
		r = loginReason(err)
	}
	return fmt.Errorf("%w: %s%s", r.class, r.text, answer(err))
}

// reason is a class and what to do about it.
type reason struct {
	class error
	text  string
}

func reasonOf(err error, permission string) reason {
	if r, ok := byCode(code(err), permission); ok {
		return r
	}
	if r, ok := byStatus(err); ok {
		return r
	}
	if r, ok := byTransport(err); ok {
		return r
	}
	if code(err) != "" { // about one secret of a batch, which has no status of its own
		return reason{secrets.ErrUnavailable, "an unforeseen answer"}
	}
	return reason{secrets.ErrUnavailable, "the call was not made: check region_name, endpoint_url and the credentials"}
}

// byCode is the table of the codes that every service of AWS has.
func byCode(code, permission string) (reason, bool) {
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return reason{secrets.ErrUnavailable, "too many requests: cache lookups, or have the quota raised"}, true
	}
	switch code {
	case "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized":
		return reason{secrets.ErrDenied, "allow " + permission}, true
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
		return reason{secrets.ErrDenied, "the access key is not known: check it, the region and the endpoint"}, true
	case "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException":
		return reason{secrets.ErrDenied, "the signature is wrong: check the secret access key and the clock"}, true
	case "ExpiredTokenException", "ExpiredToken", "RequestExpired":
		return reason{secrets.ErrDenied, "the session's credentials have expired: renew them, or check the clock"}, true
	case "InternalServerError", "InternalServiceError", "InternalFailure", "ServiceUnavailable":
		return reason{secrets.ErrUnavailable, "the service failed"}, true
	case "InvalidToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure", "OptInRequired":
		return reason{secrets.ErrDenied, "the credentials are not accepted: check them and the region"}, true
	}
	return reason{}, false
}

// byTransport knows what can go wrong between here and the service, up to an answer that says that all is well.
func byTransport(err error) (reason, bool) {
	is := func(target error) bool { return errors.Is(err, target) }
	_, notTrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	_, tlsAlert := errors.AsType[tls.AlertError](err)
	_, noName := errors.AsType[*net.DNSError](err)
	_, badAnswer := errors.AsType[*smithy.DeserializationError](err)
	_, notSent := errors.AsType[*smithyhttp.RequestSendError](err)
	network, _ := errors.AsType[net.Error](err)
	op, _ := errors.AsType[*net.OpError](err)
	text := ""
	switch {
	case is(errAnswerTooLong):
		return reason{secrets.ErrMalformed, errAnswerTooLong.Error()}, true
	case notTrusted, isCertificate(err):
		text = "the server's certificate is not trusted: give its authority with verify or AWS_CA_BUNDLE"
	case noTLS, tlsAlert, is(http.ErrSchemeMismatch):
		text = "no TLS connection: check endpoint_url, and client_cert if the server wants one"
	case noName:
		text = "the server's name is not known: check region_name and endpoint_url"
	case is(context.DeadlineExceeded), network != nil && network.Timeout():
		text = "no answer in time"
	case op != nil && op.Op == "dial":
		text = "no connection: check endpoint_url, the network and the proxy"
	case op != nil, is(io.EOF), is(io.ErrUnexpectedEOF):
		text = "the connection was closed before the answer"
	case badAnswer:
		text = "the answer is not AWS's: check endpoint_url, and what stands between"
	case notSent:
		text = "the network failed"
	}
	return reason{secrets.ErrUnavailable, text}, text != ""
}

func isCertificate(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return authority || name || invalid
}

// byStatus is for answers that say that something is wrong, with a code that is unknown or cannot be read.
func byStatus(err error) (reason, bool) {
	switch s := status(err); {
	case s < 300:
		return reason{}, false
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusProxyAuthRequired:
		return reason{secrets.ErrDenied, "the server or a proxy before it refused"}, true
	case s == http.StatusTooManyRequests:
		return reason{secrets.ErrUnavailable, "too many requests: cache lookups"}, true
	case s >= http.StatusInternalServerError:
		return reason{secrets.ErrUnavailable, "the service failed"}, true
	}
	return reason{secrets.ErrUnavailable, "an unforeseen answer"}, true
}

// loginReason is for failures to get credentials: refused is denied, and so is having none; unanswered is unavailable.
func loginReason(err error) reason {
	if r, ok := byCode(code(err), "sts:AssumeRole in the caller's policy and in the role's trust policy"); ok {
		return reason{r.class, "login: " + r.text}
	}
	r, known := byStatus(err)
	switch refused := status(err) < 500 && status(err) != http.StatusTooManyRequests; {
	case code(err) != "" && refused:
		return reason{secrets.ErrDenied, "login: refused"}
	case known && refused: // such as instance metadata that knows of no role
		known = false
	case !known:
		r, known = byTransport(err)
	}
	if known {
		return reason{r.class, "login: " + r.text + "; where no role is attached, give credentials"}
	}
	return reason{secrets.ErrDenied, "login: no usable credentials: give aws_access_key_id and aws_secret_access_key, set the AWS_ " +
		"variables, log in to the profile, or run where a role is attached"}
}

// isLogin reports whether err comes from getting credentials: marked by a client of ours, or, with a client of the
// caller's, an operation of another service inside that of the store.
func isLogin(err error) bool {
	if _, ok := errors.AsType[*loginError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*credentials.StaticCredentialsEmptyError](err); ok {
		return true
	}
	outer, ok := errors.AsType[*smithy.OperationError](err)
	if !ok {
		return false
	}
	_, ok = errors.AsType[*smithy.OperationError](outer.Err)
	return ok
}

// answer is what is kept of what the server said, in brackets after a blank; "" where it said nothing.
func answer(err error) string {
	var parts []string
	if c := code(err); c != "" {
		parts = append(parts, c)
	}
	if s := status(err); s != 0 {
		parts = append(parts, fmt.Sprintf("status %d", s))
	}
	if r, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok && readable(r.ServiceRequestID()) {
		parts = append(parts, "request "+r.ServiceRequestID())
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func code(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || !readable(api.ErrorCode()) {
		return ""
	}
	return api.ErrorCode()
}

func status(err error) int {
	r, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok {
		return 0
	}
	return r.HTTPStatusCode()
}

// readable reports whether text has the form of AWS's codes and ids, and thus nothing else in it.
func readable(text string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// SaysDeleted reports whether the service's own words speak of something deleted: for codes that mean several things.
func SaysDeleted(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && strings.Contains(strings.ToLower(api.ErrorMessage()), "delet")
}
