package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// office is a server that gives tokens named by the count of logins, and renews them.
type office struct {
	mu               sync.Mutex
	logins, renewals int
	life, renewed    int // seconds
	renewable, down  bool
	sent             string // the token that the client sends
}

func (o *office) session() *session {
	return newSession(
		func(context.Context) (*api.SecretAuth, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.logins++
			if o.down {
				return nil, secrets.ErrUnavailable
			}
			return &api.SecretAuth{ClientToken: fmt.Sprint("s.", o.logins), LeaseDuration: o.life, Renewable: o.renewable}, nil
		},
		func(context.Context) (*api.SecretAuth, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.renewals++
			if o.down {
				return nil, errors.New("down")
			}
			return &api.SecretAuth{LeaseDuration: o.renewed, Renewable: true}, nil
		},
		func(token string) { o.sent = token })
}

func token(t *testing.T, s *session) string {
	t.Helper()
	g, err := s.grant(t.Context())
	require.NoError(t, err)
	return g.token
}

func TestTokenLifetime(t *testing.T) {
	for name, c := range map[string]struct {
		office   *office
		waits    []time.Duration // between lookups
		tokens   []string        // one more than waits
		logins   int
		renewals int
	}{
		"no end": {office: &office{life: 0, renewable: true}, waits: []time.Duration{1000 * time.Hour}, tokens: []string{"s.1", "s.1"}, logins: 1},
		"young":  {office: &office{life: 60, renewable: true}, waits: []time.Duration{39 * time.Second}, tokens: []string{"s.1", "s.1"}, logins: 1},
		"due and renewable": {office: &office{life: 60, renewed: 60, renewable: true},
			waits: []time.Duration{41 * time.Second, 41 * time.Second}, tokens: []string{"s.1", "s.1", "s.1"}, logins: 1, renewals: 2},
		"due and not renewable": {office: &office{life: 60}, waits: []time.Duration{41 * time.Second}, tokens: []string{"s.1", "s.2"}, logins: 2},
		"renewed for no longer than it had": {office: &office{life: 60, renewed: 20, renewable: true},
			waits: []time.Duration{41 * time.Second}, tokens: []string{"s.1", "s.2"}, logins: 2, renewals: 1},
		"expired while nobody looked": {office: &office{life: 60, renewed: 60, renewable: true},
			waits: []time.Duration{61 * time.Second}, tokens: []string{"s.1", "s.2"}, logins: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.office.session()
				defer s.close()
				got := []string{token(t, s)}
				for _, wait := range c.waits {
					time.Sleep(wait)
					got = append(got, token(t, s))
				}
				assert.Equal(t, c.tokens, got)
				assert.Equal(t, c.logins, c.office.logins, "logins")
				assert.Equal(t, c.renewals, c.office.renewals, "renewals")
				assert.Equal(t, got[len(got)-1], c.office.sent, "the client sends it")
			})
		})
	}
}

// A server that is down when a token is due does no harm before the token expires, and is not asked at every lookup.
func TestRenewalWhileTheServerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := office{life: 60, renewed: 60, renewable: true}
		s := o.session()
		defer s.close()
		token(t, s)
		o.down = true
		time.Sleep(41 * time.Second)
		for range 100 {
			assert.Equal(t, "s.1", token(t, s))
		}
		assert.Equal(t, 1, o.renewals)
		assert.Equal(t, 2, o.logins)
		time.Sleep(10 * time.Second)
		o.down = false
		assert.Equal(t, "s.1", token(t, s))
		assert.Equal(t, 2, o.renewals, "tried again before the end, and renewed")
		o.down = true
		time.Sleep(60 * time.Second)
		_, err := s.grant(t.Context())
		assert.ErrorIs(t, err, secrets.ErrUnavailable)
		o.down = false
		assert.Equal(t, "s.4", token(t, s), "a failure is not kept")
	})
}

// A token that a fresh login did not help is taken for forbidden for a while, unless the server says that it is invalid.
func TestFruitlessLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := office{life: 3600}
		s := o.session()
		defer s.close()
		refuse := func(invalid bool) (retried bool) {
			used, err := s.grant(t.Context())
			require.NoError(t, err)
			next, err := s.again(t.Context(), used, invalid)
			require.NoError(t, err)
			if next != nil {
				s.refused(next)
			}
			return next != nil
		}
		assert.True(t, refuse(false))
		assert.False(t, refuse(false))
		assert.True(t, refuse(true))
		assert.False(t, refuse(false))
		time.Sleep(fruitlessFor)
		assert.True(t, refuse(false))
		assert.Equal(t, 4, o.logins)
	})
}

// A caller whose token was replaced by another caller's login asks again without a login of its own.
func TestAnothersLogin(t *testing.T) {
	o := office{}
	s := o.session()
	defer s.close()
	used, err := s.grant(t.Context())
	require.NoError(t, err)
	for range 3 {
		next, err := s.again(t.Context(), used, true)
		require.NoError(t, err)
		assert.Equal(t, "s.2", next.token)
	}
	assert.Equal(t, 2, o.logins)
}

func TestClosedSession(t *testing.T) {
	s := (&office{}).session()
	s.close()
	_, err := s.grant(t.Context())
	assert.ErrorIs(t, err, secrets.ErrClosed)
}
