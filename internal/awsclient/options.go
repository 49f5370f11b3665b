// Package awsclient is what the stores on AWS share: the arguments that say how to reach AWS and log in, under Airflow's
// names (specification, backends §4.1), a client made of them at its first use, and the classes of its failures.
package awsclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Options say how to reach AWS and log in. The json tags are Airflow's argument names. The zero Options use what every
// AWS program uses: the AWS_* environment variables, the shared configuration files, container credentials, and the
// instance metadata service. They are read at the first call, not before.
type Options struct {
	// Region. "": AWS_REGION, AWS_DEFAULT_REGION, the profile's.
	Region string `json:"region_name"`
	// Profile of the shared configuration files. "": AWS_PROFILE, or "default".
	Profile string `json:"profile_name"`
	// AccessKeyID and SecretAccessKey are static credentials, given both or not at all; SessionToken may be added.
	AccessKeyID     string         `json:"aws_access_key_id"`
	SecretAccessKey secrets.Secret `json:"aws_secret_access_key"`
	SessionToken    secrets.Secret `json:"aws_session_token"`

	// RoleARN is a role to assume with the credentials found above, or with a web identity. "": none.
	RoleARN string `json:"role_arn"`
	// AssumeRoleMethod is "assume_role" or "assume_role_with_web_identity". "": the former. Airflow's third,
	// "assume_role_with_saml", is refused: log in outside and give a profile with credential_process.
	AssumeRoleMethod string `json:"assume_role_method"`
	// AssumeRole holds the further parameters of the call that assumes the role.
	AssumeRole AssumeRole `json:"assume_role_kwargs"`
	// WebIdentityFederation is where the web identity's token comes from: "file", or "google" for the metadata server
	// of Google's clouds. "": file.
	WebIdentityFederation string `json:"assume_role_with_web_identity_federation"`
	// WebIdentityTokenFile is read at every login. "": AWS_WEB_IDENTITY_TOKEN_FILE.
	WebIdentityTokenFile string `json:"assume_role_with_web_identity_token_file"`
	// WebIdentityAudience is the audience of Google's token. "": https://sts.amazonaws.com.
	WebIdentityAudience string `json:"assume_role_with_web_identity_federation_audience"`

	// Endpoint is the URL of the store's service in place of AWS's own. STS does not use it.
	// "": AWS_ENDPOINT_URL_SSM and the like, AWS_ENDPOINT_URL, the profile's, AWS's own.
	Endpoint string `json:"endpoint_url"`
	// Endpoints are the URLs of single services, by "ssm", "secretsmanager" and "sts". They win over Endpoint.
	Endpoints Endpoints `json:"service_config"`
	// UseSSL false asks AWS's own endpoint over plain HTTP. It does not concern an Endpoint. Nil: true.
	UseSSL *bool `json:"use_ssl"`
	// Verify is how the server's certificate is checked. Zero: against the system's authorities.
	Verify Verify `json:"verify"`
	// Client tunes retries, time-outs and proxies.
	Client ClientConfig `json:"config_kwargs"`
	// APIVersion may name the only version there is of the service's interface.
	APIVersion string `json:"api_version"`
}

// The methods and sources of a login by role.
const (
	methodAssumeRole  = "assume_role"
	methodWebIdentity = "assume_role_with_web_identity"
	methodSAML        = "assume_role_with_saml"

	federationFile   = "file"
	federationGoogle = "google"

	noSAML = "not supported: log in outside, and give a profile_name with credential_process"
)

// KwargHints are the names that Airflow's AWS connections once knew.
func (o *Options) KwargHints() map[string]string {
	return map[string]string{
		"assume_role_with_saml": noSAML,
		"session_kwargs":        "removed by Airflow; profile_name and region_name are arguments themselves",
		"aws_account_id":        "removed by Airflow; give role_arn",
		"aws_iam_role":          "removed by Airflow; give role_arn",
		"external_id":           "removed by Airflow; give assume_role_kwargs with ExternalId",
		"host":                  "removed by Airflow; give endpoint_url",
		"aws_access_key":        "it is aws_access_key_id",
		"aws_secret_key":        "it is aws_secret_access_key",
		"access_key_id":         "it is aws_access_key_id",
		"secret_access_key":     "it is aws_secret_access_key",
		"session_token":         "it is aws_session_token",
		"region":                "it is region_name",
		"profile":               "it is profile_name",
	}
}

// Validate reports every argument that cannot be used for service, whose interface has the given version, with
// ErrMalformed. It does no I/O, and no error shows a value.
func Validate(o Options, service, apiVersion string) error {
	var problems []error
	refuse := func(argument, reason string) {
		problems = append(problems, fmt.Errorf("argument %q %s", argument, reason))
	}
	if (o.AccessKeyID == "") != o.SecretAccessKey.IsZero() {
		refuse("aws_access_key_id", "and aws_secret_access_key must be given both or not at all")
	}
	if !o.SessionToken.IsZero() && o.AccessKeyID == "" {
		refuse("aws_session_token", "needs aws_access_key_id and aws_secret_access_key")
	}
	o.validateRole(refuse)
	if !httpURL(o.Endpoint) {
		refuse("endpoint_url", "must be an http or https URL with a host and without a user")
	}
	for name, endpoint := range o.Endpoints {
		if name != service && name != "sts" {
			refuse("service_config", "may hold "+service+" and sts, the services that are called")
		}
		if !httpURL(endpoint) {
			refuse("service_config", "holds an endpoint_url that is no http or https URL with a host and without a user")
		}
	}
	if o.APIVersion != "" && o.APIVersion != apiVersion {
		refuse("api_version", "must be "+apiVersion+", the only version there is")
	}
	if err := o.Client.validate(); err != nil {
		refuse("config_kwargs", err.Error())
	}
	return backend.Refused(errors.Join(problems...))
}

func (o *Options) validateRole(refuse func(argument, reason string)) {
	switch o.AssumeRoleMethod {
	case "", methodAssumeRole, methodWebIdentity:
	case methodSAML:
		refuse("assume_role_method", "assume_role_with_saml is "+noSAML)
		return
	default:
		refuse("assume_role_method", "must be assume_role or assume_role_with_web_identity")
		return
	}
	if o.RoleARN != "" && !strings.HasPrefix(o.RoleARN, "arn:") {
		refuse("role_arn", "must begin with arn:")
	}
	if o.RoleARN == "" && o.AssumeRoleMethod == methodWebIdentity {
		refuse("assume_role_method", "needs role_arn")
	}
	if o.RoleARN == "" && !o.AssumeRole.isZero() {
		refuse("assume_role_kwargs", "needs role_arn")
	}
	switch o.WebIdentityFederation {
	case "", federationFile, federationGoogle:
	default:
		refuse("assume_role_with_web_identity_federation", "must be file or google")
	}
	if err := o.AssumeRole.validate(o.AssumeRoleMethod == methodWebIdentity); err != nil {
		refuse("assume_role_kwargs", err.Error())
	}
}

// endpoint returns the URL that the arguments give for service, "" for none.
func (o *Options) endpoint(service string) string {
	if url := o.Endpoints[service]; url != "" {
		return url
	}
	if service == "sts" {
		return ""
	}
	return o.Endpoint
}

// httpURL reports whether text is blank or can be an endpoint. A user in it would be a secret in a place that logs show.
func httpURL(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// The times that one attempt of a call may take, where ClientConfig does not say. They add up to the longest attempt;
// the caller's context bounds the call as a whole.
const (
	defaultConnectTimeout = 10 * time.Second
	defaultReadTimeout    = 20 * time.Second
)
