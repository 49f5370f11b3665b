package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/lazy"
)

// authorized is a Reader that makes its clients at the first use, logs in, and logs in again where a token is refused.
type authorized struct{ made *lazy.Value[*loggedIn] }

// loggedIn is what authorized makes.
type loggedIn struct {
	*clients
	method  api.AuthMethod
	session *session
}

func newAuthorized(o Options) *authorized {
	return &authorized{lazy.New(func(context.Context) (*loggedIn, error) {
		c, err := newClients(&o)
		if err != nil {
			return nil, err
		}
		l := &loggedIn{clients: c, method: o.Login}
		if l.method == nil {
			l.method = Token{}
		}
		l.session = newSession(l.login, l.renew, c.reads.SetToken)
		return l, nil
	})}
}

// ReadRawWithDataWithContext reads with the session's token, and once more with a new one if that is refused. Its errors
// are classified.
func (a *authorized) ReadRawWithDataWithContext(ctx context.Context, path string, data map[string][]string) (*api.Response, error) {
	l, err := a.made.Get(ctx)
	if err != nil {
		return nil, err
	}
	used, err := l.session.grant(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := l.reads.Logical().ReadRawWithDataWithContext(ctx, path, data)
	if statusOf(err) != http.StatusForbidden {
		return resp, classify(err, l.where)
	}
	next, failure := l.session.again(ctx, used, refusesToken(err))
	switch {
	case failure != nil:
		return resp, failure
	case next == nil:
		return resp, classify(err, l.where)
	}
	_ = resp.Body.Close()
	resp, err = l.reads.Logical().ReadRawWithDataWithContext(ctx, path, data)
	if statusOf(err) == http.StatusForbidden {
		l.session.refused(next)
	}
	return resp, classify(err, l.where)
}

// refusesToken reports whether the token itself was refused, whatever the path. Older servers do not tell.
func refusesToken(err error) bool {
	answer, ok := errors.AsType[*api.ResponseError](err)
	return ok && strings.Contains(strings.Join(answer.Errors, " "), "invalid token")
}

func (l *loggedIn) login(ctx context.Context) (*api.SecretAuth, error) {
	bounded, cancel := context.WithTimeout(ctx, l.logins.ClientTimeout()) // a cloud's client may know no end
	defer cancel()
	answer, err := l.method.Login(bounded, l.logins)
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		return nil, classifyLogin(err, l.where)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		if answer != nil && answer.Auth != nil && answer.Auth.MFARequirement != nil {
			return nil, fmt.Errorf("%w: login to %s asks for a second factor, which a service cannot give", secrets.ErrDenied, l.where)
		}
		return nil, fmt.Errorf("%w: login to %s was answered without a token", secrets.ErrDenied, l.where)
	}
	return answer.Auth, nil
}

func (l *loggedIn) renew(ctx context.Context) (*api.SecretAuth, error) {
	answer, err := l.reads.Auth().Token().RenewSelfWithContext(ctx, 0)
	if err != nil {
		return nil, classify(err, l.where)
	}
	if answer == nil || answer.Auth == nil {
		return nil, errNotVault
	}
	return answer.Auth, nil
}

// where names the server in errors.
func (a *authorized) where() string {
	if l, ok := a.made.Made(); ok {
		return l.where
	}
	return "Vault"
}

// close ends a login under way and the idle connections.
func (a *authorized) close() {
	a.made.Close(secrets.ErrClosed, func(l *loggedIn) {
		l.session.close()
		l.http.CloseIdleConnections()
	})
}
