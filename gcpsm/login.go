package gcpsm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cloud.google.com/go/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
)

// loginError is a failure before the call: credentials that are missing, unusable or refused, or a token service that
// does not answer. As gRPC hands on nothing but a status, it is one.
type loginError struct {
	class error
	text  string
}

func denied(format string, args ...any) error {
	return &loginError{secrets.ErrDenied, fmt.Sprintf(format, args...)}
}

func unavailable(format string, args ...any) error {
	return &loginError{secrets.ErrUnavailable, fmt.Sprintf(format, args...)}
}

func (e *loginError) Error() string { return e.class.Error() + ": " + e.text }
func (e *loginError) Unwrap() error { return e.class }

// GRPCStatus has Google's client try again where that may help.
func (e *loginError) GRPCStatus() *status.Status {
	if e.class == secrets.ErrUnavailable {
		return status.New(codes.Unavailable, e.text)
	}
	return status.New(codes.Unauthenticated, e.text)
}

// openFailure is the error of a session that could not be made.
func openFailure(err error) error {
	if outOfTime(err) {
		return fmt.Errorf("%w: the credentials were not ready in time", secrets.ErrUnavailable)
	}
	return err
}

// tokens hands out the tokens of credentials. Google's own provider makes all callers wait for the one that fetches a
// token, whatever their contexts say; here each waits no longer than its own.
type tokens struct {
	creds *auth.Credentials
	turn  chan struct{}
}

// guarded returns creds behind tokens.
func guarded(creds *auth.Credentials) *auth.Credentials {
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider:          &tokens{creds: creds, turn: make(chan struct{}, 1)},
		ProjectIDProvider:      auth.CredentialsPropertyFunc(creds.ProjectID),
		QuotaProjectIDProvider: auth.CredentialsPropertyFunc(creds.QuotaProjectID),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(creds.UniverseDomain),
	})
}

// Token returns a token that is valid now. Its errors are statuses of gRPC.
func (t *tokens) Token(ctx context.Context) (*auth.Token, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	token, err := t.creds.Token(ctx)
	switch {
	case err == nil:
		return token, nil
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return nil, tokenFailure(err)
}

// answered finds the status of a token service's answer in an error that has it in its text alone.
var answered = regexp.MustCompile(`status code (\d{3})`)

// oauthErrors are the words of a token service's answer that are shown (RFC 6749 §5.2, RFC 8693 §2.2.2).
var oauthErrors = []string{"invalid_grant", "invalid_client", "invalid_request", "invalid_scope", "invalid_target",
	"unauthorized_client", "unsupported_grant_type", "access_denied"}

// tokenFailure says why there is no token. It holds no text of err but one of oauthErrors.
func tokenFailure(err error) error {
	if why := netfail.Why(err); why != "" && !answered.MatchString(err.Error()) {
		return unavailable("the token service cannot be reached: %s", why)
	}
	code := ""
	if e, ok := errors.AsType[*auth.Error](err); ok && e.Response != nil {
		code = fmt.Sprint(e.Response.StatusCode)
	} else if m := answered.FindStringSubmatch(err.Error()); m != nil {
		code = m[1]
	}
	word := ""
	for _, w := range oauthErrors {
		if strings.Contains(err.Error(), `"`+w+`"`) {
			word = ", " + w
		}
	}
	switch {
	case code == "429" || strings.HasPrefix(code, "5"):
		return unavailable("the token service answers with status %s%s", code, word)
	case code != "":
		return denied("the token service refuses the credentials (status %s%s); check that the account, its key and the roles along the chain still exist", code, word)
	}
	return denied("the credentials give no token; the key or the configuration is not usable")
}
