// Package okta stands in for the Okta SDK, which serves a second login factor that no test uses. It has the names that
// the server's code mentions; every call fails.
package okta

import (
	"context"
	"errors"
	"net/http"
)

var errAbsent = errors.New("okta is not built into this test server")

// Configuration is empty.
type Configuration struct{ Context context.Context }

// ConfigSetter changes a Configuration.
type ConfigSetter func(*Configuration)

// WithToken, WithOrgUrl and WithCache are accepted and ignored.
func WithToken(string) ConfigSetter  { return nil }
func WithOrgUrl(string) ConfigSetter { return nil }
func WithCache(bool) ConfigSetter    { return nil }

// NewConfiguration fails.
func NewConfiguration(...ConfigSetter) (*Configuration, error) { return nil, errAbsent }

// APIClient is a client whose calls fail.
type APIClient struct {
	UserAPI       UserAPI
	UserFactorAPI UserFactorAPI
}

// NewAPIClient returns an APIClient.
func NewAPIClient(*Configuration) *APIClient { return &APIClient{} }

// GetConfig returns an empty Configuration.
func (*APIClient) GetConfig() *Configuration { return &Configuration{Context: context.Background()} }

type (
	// UserAPI lists users.
	UserAPI struct{}
	// UserFactorAPI checks second factors.
	UserFactorAPI struct{}
	// Request is a call that fails with a T.
	Request[T any] struct{}
)

// Filter is accepted and ignored.
func (r Request[T]) Filter(string) Request[T] { return r }

// Execute fails.
func (Request[T]) Execute() (v T, r *http.Response, err error) { return v, nil, errAbsent }

func (UserAPI) ListUsers(context.Context) (r Request[[]User]) { return r }

func (UserFactorAPI) ListFactors(_ context.Context, _ string) (r Request[[]Factor]) { return r }

func (UserFactorAPI) VerifyFactor(_ context.Context, _, _ string) (r Request[*Verification]) {
	return r
}

func (UserFactorAPI) GetFactorTransactionStatus(_ context.Context, _, _, _ string) (r Request[*Transaction]) {
	return r
}

type (
	// User is somebody.
	User struct{}
	// UserFactorPush is a factor confirmed on a telephone.
	UserFactorPush struct{}
	// Factor is one of a user's factors.
	Factor struct{ UserFactorPush *UserFactorPush }
	// Verification is a started confirmation.
	Verification struct{ Links map[string]any }
	// Transaction is the state of a confirmation.
	Transaction struct {
		UserFactorPushTransactionWaiting, UserFactorPushTransaction         *struct{}
		UserFactorPushTransactionRejected, UserFactorPushTransactionTimeout *struct{}
	}
)

func (User) GetId() string                    { return "" }
func (*UserFactorPush) GetId() string         { return "" }
func (*Verification) GetFactorResult() string { return "" }
