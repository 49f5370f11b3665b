package azurekv

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretchain/secrets"
)

// open makes the session. It may read files that the environment names; the network is first used by a call.
func (o *Options) open(context.Context) (session, error) {
	if o.VaultURL == "" {
		return session{}, errNoVault
	}
	own := *o
	closeIdle := func() {} // a transport of the caller's is the caller's to close
	if own.ClientOptions.Transport == nil {
		client := ownClient()
		own.ClientOptions.Transport, closeIdle = client, client.CloseIdleConnections
	}
	own.ClientOptions.Transport = limited{own.ClientOptions.Transport} // for the login, too
	credential, err := own.credential()
	if err != nil {
		return session{}, &loginError{err}
	}
	l := &login{credential: credential}
	client, err := azsecrets.NewClient(o.VaultURL, l, &own.ClientOptions)
	if err != nil {
		return session{}, &loginError{err}
	}
	return session{client: client, login: l, close: closeIdle}, nil
}

// ownClient is like Microsoft's default, with as many idle connections to the one vault as there may be at all: a new one
// costs a handshake.
func ownClient() *http.Client {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program has put one of its own in place
		return &http.Client{}
	}
	transport = transport.Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns
	return &http.Client{Transport: transport}
}

func (o *Options) credential() (azcore.TokenCredential, error) {
	client := o.loginOptions()
	switch {
	case o.Credential != nil:
		return o.Credential, nil
	case !o.ClientSecret.IsZero():
		return azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, o.ClientSecret.Reveal(), &azidentity.ClientSecretCredentialOptions{
			ClientOptions: client, DisableInstanceDiscovery: o.DisableInstanceDiscovery})
	case o.identity():
		return o.namedIdentity(client)
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: client, DisableInstanceDiscovery: o.DisableInstanceDiscovery})
}

// namedIdentity is the part of the default chain that runs in production, with the identity that the options name. The
// Go library's own chain takes the name from the environment alone.
func (o *Options) namedIdentity(client azcore.ClientOptions) (azcore.TokenCredential, error) {
	var chain []azcore.TokenCredential
	if c, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{
		ClientOptions: client, DisableInstanceDiscovery: o.DisableInstanceDiscovery}); err == nil {
		chain = append(chain, c)
	}
	if c, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: client, DisableInstanceDiscovery: o.DisableInstanceDiscovery,
		ClientID: o.ManagedIdentityClientID, TenantID: o.WorkloadIdentityTenantID}); err == nil {
		chain = append(chain, c)
	}
	managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
	if o.ManagedIdentityClientID != "" {
		managed.ID = azidentity.ClientID(o.ManagedIdentityClientID)
	}
	c, err := azidentity.NewManagedIdentityCredential(managed)
	if err != nil {
		return nil, err
	}
	return azidentity.NewChainedTokenCredential(append(chain, c), nil)
}

// login hands out tokens. Microsoft's client makes all callers wait for the one that fetches a token, whatever their
// contexts say; so while no valid token is known, calls enter one by one, each waiting no longer than its own context.
type login struct {
	credential azcore.TokenCredential
	expires    atomic.Int64 // Unix time of the last token's end

	mu    sync.Mutex
	first *entry // the call that is in while no valid token is known; nil: none
}

// entry is a call that others wait for.
type entry struct {
	left chan struct{} // closed when it is over
	err  error         // what it failed with, if that is not its own affair; set before left is closed
}

// GetToken obtains a token. Its error is a loginError, or the context's.
func (l *login) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := l.credential.GetToken(ctx, options)
	switch {
	case err == nil:
		l.expires.Store(token.ExpiresOn.Unix())
		return token, nil
	case ctx.Err() != nil:
		return token, ctx.Err()
	}
	return token, &loginError{err}
}

// enter waits until a call may begin; leave ends it, with its result. Those who waited for a call that met an outage fail
// as it did: each trying by itself, one after the other, they would wait for nothing. A nil login lets everybody in. The
// error is classified.
func (l *login) enter(ctx context.Context) (leave func(err error), err error) {
	for {
		if l == nil || l.valid() {
			return func(error) {}, nil
		}
		e, mine := l.next()
		if mine {
			return func(err error) { l.leave(ctx, e, err) }, nil
		}
		select {
		case <-e.left:
		case <-ctx.Done():
			return nil, failure(ctx.Err())
		}
		if e.err != nil {
			return nil, e.err
		}
	}
}

// next returns the call that is in, and whether it is the caller's own.
func (l *login) next() (e *entry, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first != nil {
		return l.first, false
	}
	l.first = &entry{left: make(chan struct{})}
	return l.first, true
}

// leave ends a call. An outage is everybody's, unless it is the end of the call's own context, or came after the login:
// then nobody has to wait for another any more.
func (l *login) leave(ctx context.Context, e *entry, err error) {
	if errors.Is(err, secrets.ErrUnavailable) && ctx.Err() == nil && !l.valid() {
		e.err = err
	}
	l.mu.Lock()
	l.first = nil
	l.mu.Unlock()
	close(e.left)
}

func (l *login) valid() bool { return time.Now().Unix() < l.expires.Load() }
