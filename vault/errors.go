package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
)

// classify turns what the vendor's client reports into one of our classes. The server's words are left out: they may
// quote what it was sent. The table is in the package comment.
func classify(err error, where string) error {
	if err == nil || isClassified(err) {
		return err
	}
	status := statusOf(err)
	fail := func(class error, why string) error { return fmt.Errorf("%w: %s %s", class, where, why) }
	switch {
	case status == http.StatusNotFound && isForeign(err):
		return fail(secrets.ErrUnavailable, "answered 404, and not as Vault does: is the address that of a Vault or OpenBao server?")
	case status == http.StatusNotFound:
		return secrets.ErrNotFound
	case status == http.StatusForbidden:
		return fail(secrets.ErrDenied, "answered 403: the token is not valid, or no policy of it allows this path")
	case status == http.StatusUnauthorized:
		return fail(secrets.ErrDenied, "answered 401: it, or a proxy before it, asks for other credentials")
	case status == http.StatusTooManyRequests:
		return fail(secrets.ErrUnavailable, "answered 429: a rate limit quota is used up")
	case status == http.StatusPreconditionFailed:
		return fail(secrets.ErrUnavailable, "answered 412: this node has not yet caught up with the cluster")
	case status == http.StatusServiceUnavailable:
		return fail(secrets.ErrUnavailable, "answered 503: it is sealed, or in maintenance")
	case status != 0:
		return fail(secrets.ErrUnavailable, fmt.Sprintf("answered %d", status))
	case errors.Is(err, errTooLong):
		return fail(secrets.ErrMalformed, errTooLong.Error())
	}
	if why := netfail.Why(err); why != "" {
		return fail(secrets.ErrUnavailable, "could not be asked: "+why)
	}
	if isNoJSON(err) {
		return fail(secrets.ErrUnavailable, "gave an answer that is not Vault's: is the address that of a Vault or OpenBao server?")
	}
	return fail(secrets.ErrUnavailable, "could not be asked")
}

// classifyLogin is classify for a login: an answer that refuses it says nothing about secrets.
func classifyLogin(err error, where string) error {
	if err == nil || isClassified(err) {
		return err
	}
	fail := func(why string) error { return fmt.Errorf("%w: login to %s %s", secrets.ErrDenied, where, why) }
	switch status := statusOf(err); status {
	case http.StatusBadRequest:
		return fail("answered 400: it does not know these credentials, or the role")
	case http.StatusUnauthorized, http.StatusForbidden:
		return fail(fmt.Sprintf("answered %d: the credentials are refused, or no such auth method is mounted there", status))
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fail(fmt.Sprintf("answered %d: no such auth method is mounted there", status))
	}
	return classify(err, where)
}

// isClassified reports whether the error is our own already.
func isClassified(err error) bool {
	for _, class := range [...]error{secrets.ErrNotFound, secrets.ErrDenied, secrets.ErrUnavailable, secrets.ErrMalformed, secrets.ErrClosed} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// isForeign reports whether the answer has a text that Vault would not give: that of a proxy or of another server, which
// knows nothing of secrets.
func isForeign(err error) bool {
	answer, ok := errors.AsType[*api.ResponseError](err)
	return ok && answer.RawError && strings.Join(answer.Errors, "") != ""
}

// isNoJSON reports whether the client could not decode the answer. Its error may quote the answer, and is not repeated.
func isNoJSON(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	return syntax || kind
}

// statusOf is the answer's status, or 0 where there was none.
func statusOf(err error) int {
	if answer, ok := errors.AsType[*api.ResponseError](err); ok {
		return answer.StatusCode
	}
	return 0
}
