package awsclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/secretchain/secrets"
)

// login returns the credentials that the calls are signed with: those that the SDK found, or those of the role that they
// assume. The SDK's cache shares one login among concurrent calls, renews it before it expires, and forgets failures.
func (o *Options) login(cfg aws.Config, service string) (aws.CredentialsProvider, error) {
	if o.RoleARN == "" {
		return marked{cfg.Credentials}, nil
	}
	role := o.AssumeRole
	if role.SessionName == "" {
		role.SessionName = sessionNames[service]
	}
	client := sts.NewFromConfig(cfg, func(so *sts.Options) {
		if url := o.endpoint("sts"); url != "" {
			so.BaseEndpoint = &url
		}
	})
	if o.AssumeRoleMethod != methodWebIdentity {
		return marked{aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, o.RoleARN, role.apply))}, nil
	}
	token, err := o.webIdentity()
	if err != nil {
		return nil, err
	}
	return marked{aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(client, o.RoleARN, token, role.applyWebIdentity))}, nil
}

func (o *Options) webIdentity() (stscreds.IdentityTokenRetriever, error) {
	if o.WebIdentityFederation == federationGoogle {
		audience := o.WebIdentityAudience
		if audience == "" {
			audience = "https://sts.amazonaws.com"
		}
		return googleToken{audience}, nil
	}
	path := o.WebIdentityTokenFile
	if path == "" {
		path = os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	}
	if path == "" {
		return nil, fmt.Errorf("%w: no file with a web identity token is known: give assume_role_with_web_identity_token_file "+
			"or set AWS_WEB_IDENTITY_TOKEN_FILE", secrets.ErrDenied)
	}
	return stscreds.IdentityTokenFile(path), nil
}

// sessionNames are what Airflow calls the sessions of its backends: trust policies may ask for them.
var sessionNames = map[string]string{
	"ssm":            "Airflow_SystemsManagerParameterStoreBackend__connection",
	"secretsmanager": "Airflow_SecretsManagerBackend__connection",
}

func (a *AssumeRole) apply(to *stscreds.AssumeRoleOptions) {
	to.RoleSessionName = a.SessionName
	to.Duration = time.Duration(a.DurationSeconds) * time.Second
	to.ExternalID = optional(a.ExternalID)
	to.Policy = optional(a.Policy)
	to.PolicyARNs = a.policies()
	to.SourceIdentity = optional(a.SourceIdentity)
	to.TransitiveTagKeys = a.TransitiveTagKeys
	for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
		to.Tags = append(to.Tags, types.Tag{Key: aws.String(key), Value: aws.String(a.Tags[key])})
	}
}

func (a *AssumeRole) applyWebIdentity(to *stscreds.WebIdentityRoleOptions) {
	to.RoleSessionName = a.SessionName
	to.Duration = time.Duration(a.DurationSeconds) * time.Second
	to.Policy = optional(a.Policy)
	to.PolicyARNs = a.policies()
}

func (a *AssumeRole) policies() []types.PolicyDescriptorType {
	var policies []types.PolicyDescriptorType
	for _, arn := range a.PolicyARNs {
		policies = append(policies, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return policies
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// marked credentials tell a failed login from a failed call.
type marked struct{ aws.CredentialsProvider }

// Retrieve marks the error.
func (m marked) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := m.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &loginError{err}
	}
	return c, nil
}

type loginError struct{ err error }

func (e *loginError) Error() string { return "AWS login failed" }
func (e *loginError) Unwrap() error { return e.err }

// googleToken asks the metadata server of Google's clouds who this program is there.
type googleToken struct{ audience string }

// errGoogleToken is a refusal of the metadata server; failures of the network are its client's.
var errGoogleToken = errors.New("the metadata server of Google's clouds gives no identity token")

// GetIdentityToken returns a fresh token. The SDK gives it no context, so its time is bounded here.
func (g googleToken) GetIdentityToken() ([]byte, error) {
	host := os.Getenv("GCE_METADATA_HOST")
	if host == "" {
		host = "metadata.google.internal"
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultConnectTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+
		"/computeMetadata/v1/instance/service-accounts/default/identity?format=full&audience="+url.QueryEscape(g.audience), nil)
	if err != nil {
		return nil, errGoogleToken
	}
	r.Header.Set("Metadata-Flavor", "Google")
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	token, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errGoogleToken
	}
	return token, nil
}
