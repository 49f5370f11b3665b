package vault

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/cache"
)

// A grant is a token and what is known of its lifetime.
type grant struct {
	token     string
	renewable bool
	renewAt   time.Time // from then on somebody should renew it; zero: never
	expires   time.Time // from then on it is worth nothing; zero: never
	fruitless time.Time // until then a refusal is no reason to log in again; set before the grant is shared
}

// newGrant reads the answer to a login or renewal.
func newGrant(auth *api.SecretAuth, now time.Time) *grant {
	g := &grant{token: auth.ClientToken, renewable: auth.Renewable}
	if life := time.Duration(auth.LeaseDuration) * time.Second; life > 0 {
		g.expires = now.Add(life)
		g.renewAt = now.Add(life * 2 / 3)
	}
	return g
}

// expired reports whether the token is worth nothing any more.
func (g *grant) expired(now time.Time) bool { return !g.expires.IsZero() && !now.Before(g.expires) }

func (g *grant) due(now time.Time) bool { return !g.renewAt.IsZero() && !now.Before(g.renewAt) }

// fruitlessFor is how long a refusal that survived a new login is taken for the policy's last word.
const fruitlessFor = 30 * time.Second

// A session keeps one token for all lookups. There is no goroutine between lookups: whoever finds the token due for
// renewal sees to it, while the others go on with the old one; whoever finds none, waits for the one login under way.
type session struct {
	login func(ctx context.Context) (*api.SecretAuth, error)
	renew func(ctx context.Context) (*api.SecretAuth, error)
	use   func(token string) // makes the client send it

	current  atomic.Pointer[grant]
	renewing atomic.Bool
	logins   *cache.Flight[string, *grant] // by the token that the new one replaces; "": none
}

func newSession(login, renew func(ctx context.Context) (*api.SecretAuth, error), use func(token string)) *session {
	s := &session{login: login, renew: renew, use: use}
	s.logins = cache.NewFlight(s.replace)
	return s
}

// grant returns a token that should be good.
func (s *session) grant(ctx context.Context) (*grant, error) {
	g := s.current.Load()
	now := time.Now()
	switch {
	case g == nil:
		return s.after(ctx, "")
	case g.expired(now):
		return s.after(ctx, g.token)
	case g.due(now):
		return s.refreshed(ctx, g), nil
	}
	return g, nil
}

// after returns a grant with another token than old, making it with one login for all who ask. A login may also give the
// same token again.
func (s *session) after(ctx context.Context, old string) (*grant, error) {
	if g := s.current.Load(); g != nil && g.token != old {
		return g, nil
	}
	g, _, err := s.logins.Do(ctx, old)
	return g, err
}

// replace logs in.
func (s *session) replace(ctx context.Context, old string) (*grant, error) {
	if g := s.current.Load(); g != nil && g.token != old { // made between two looks
		return g, nil
	}
	auth, err := s.login(ctx)
	if err != nil {
		return nil, err
	}
	g := newGrant(auth, time.Now())
	s.use(g.token)
	s.current.Store(g)
	return g, nil
}

// refreshed renews a token that is good still, or else logs in. If neither works the old one is used until it expires, and
// the next attempt is made after a part of the time that is left.
func (s *session) refreshed(ctx context.Context, old *grant) *grant {
	if !s.renewing.CompareAndSwap(false, true) {
		return old
	}
	defer s.renewing.Store(false)
	if g := s.current.Load(); g != old {
		return g
	}
	if old.renewable {
		// A token that is near its greatest age is renewed for ever shorter times: then a login is better.
		auth, err := s.renew(ctx)
		if err == nil && auth != nil && auth.LeaseDuration > 0 {
			if g := newGrant(auth, time.Now()); g.expires.Sub(old.expires) > old.expires.Sub(old.renewAt)/4 {
				g.token = old.token
				s.current.CompareAndSwap(old, g) // unless somebody has logged in meanwhile
				return s.current.Load()
			}
		}
	}
	if g, err := s.after(ctx, old.token); err == nil {
		return g
	}
	if ctx.Err() != nil {
		return old // the caller's own end says nothing about the server
	}
	later := *old
	later.renewAt = time.Now().Add(time.Until(old.expires) / 4)
	s.current.CompareAndSwap(old, &later)
	return old
}

// again tells what to do about a refusal of used: ask again with the grant it returns, or, for nil, take the refusal for
// the last word. Its error is that of the login.
func (s *session) again(ctx context.Context, used *grant, invalid bool) (*grant, error) {
	now := s.current.Load()
	switch {
	case now.token != used.token: // somebody has logged in since
		return now, nil
	case !invalid && time.Now().Before(now.fruitless):
		return nil, nil
	}
	g, err := s.after(ctx, now.token)
	if err != nil || g.token == used.token {
		return nil, err
	}
	return g, nil
}

// refused notes that a grant fresh from a login was refused as well, so that a name without a policy does not cost a login
// at every lookup, and Vault a token.
func (s *session) refused(g *grant) {
	noted := *g
	noted.fruitless = time.Now().Add(fruitlessFor)
	s.current.CompareAndSwap(g, &noted)
}

func (s *session) close() { s.logins.Close(secrets.ErrClosed) }
