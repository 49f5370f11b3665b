package awsclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/pytls"
)

// Verify is how a server's certificate is checked: the zero Verify against the system's authorities, CABundle against
// those in a file, Off not at all. JSON: true or null, the file's path, false.
type Verify struct {
	CABundle string // path of a PEM file
	Off      bool   // accept any certificate; for tests only
}

// UnmarshalJSON reads Airflow's form.
func (v *Verify) UnmarshalJSON(data []byte) error {
	trust, ok := pytls.Verify(data)
	*v = Verify{CABundle: trust.Path, Off: trust.Off}
	if !ok {
		return backend.ArgumentError("must be true, false or the path of a CA bundle")
	}
	return nil
}

// Endpoints are URLs by service: "ssm", "secretsmanager" or "sts". JSON: Airflow's service_config.
type Endpoints map[string]string

type serviceConfig struct {
	Endpoint string `json:"endpoint_url"`
}

// UnmarshalJSON reads an object of objects, refusing settings that it does not know.
func (e *Endpoints) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil { // null, or an environment variable
		data = []byte(text)
	}
	var services map[string]json.RawMessage
	if len(data) > 0 && json.Unmarshal(data, &services) != nil {
		return backend.ArgumentError("must be an object with an object for each service")
	}
	*e = nil
	for name, settings := range services {
		var c serviceConfig
		if err := object(settings, &c); err != nil {
			return err
		}
		if *e == nil {
			*e = Endpoints{}
		}
		(*e)[name] = c.Endpoint
	}
	return nil
}

// AssumeRole holds the further parameters of the call that assumes a role.
type AssumeRole struct {
	SessionName       string // "": as Airflow's, Airflow_<class>__connection
	ExternalID        string
	DurationSeconds   int      // of the credentials, 900 to 43 200; 0: 900, or STS's default for a web identity
	Policy            string   // JSON of a session policy
	PolicyARNs        []string // managed session policies
	Tags              map[string]string
	TransitiveTagKeys []string
	SourceIdentity    string
}

// assumeRoleKwargs are the call's own names for an AssumeRole.
type assumeRoleKwargs struct {
	SessionName     string `json:"RoleSessionName"`
	ExternalID      string `json:"ExternalId"`
	DurationSeconds int    `json:"DurationSeconds"`
	Policy          string `json:"Policy"`
	PolicyARNs      []struct {
		ARN string `json:"arn"`
	} `json:"PolicyArns"`
	Tags []struct {
		Key   string `json:"Key"`
		Value string `json:"Value"`
	} `json:"Tags"`
	TransitiveTagKeys []string `json:"TransitiveTagKeys"`
	SourceIdentity    string   `json:"SourceIdentity"`
}

// KwargHints names what a service that runs for long cannot use.
func (*assumeRoleKwargs) KwargHints() map[string]string {
	return map[string]string{
		"TokenCode":    "a code is good for one login only, and a service logs in again and again",
		"SerialNumber": "a second factor needs a person at every login",
	}
}

// UnmarshalJSON reads an object, refusing names that it does not know.
func (a *AssumeRole) UnmarshalJSON(data []byte) error {
	var k assumeRoleKwargs
	if err := object(data, &k); err != nil {
		return err
	}
	*a = AssumeRole{SessionName: k.SessionName, ExternalID: k.ExternalID, DurationSeconds: k.DurationSeconds, Policy: k.Policy,
		TransitiveTagKeys: k.TransitiveTagKeys, SourceIdentity: k.SourceIdentity}
	for _, p := range k.PolicyARNs {
		a.PolicyARNs = append(a.PolicyARNs, p.ARN)
	}
	for _, tag := range k.Tags {
		if a.Tags == nil {
			a.Tags = map[string]string{}
		}
		a.Tags[tag.Key] = tag.Value
	}
	return nil
}

func (a *AssumeRole) isZero() bool { return reflect.ValueOf(*a).IsZero() }

func (a *AssumeRole) validate(webIdentity bool) error {
	switch {
	case a.DurationSeconds != 0 && (a.DurationSeconds < 900 || a.DurationSeconds > 43200):
		return errors.New("has a DurationSeconds that is not within 900 and 43200")
	case webIdentity && (a.ExternalID != "" || a.Tags != nil || a.TransitiveTagKeys != nil || a.SourceIdentity != ""):
		return errors.New("may hold RoleSessionName, DurationSeconds, Policy and PolicyArns with a web identity")
	}
	return nil
}

// ClientConfig tunes the SDK's client: what botocore calls its Config. Zero: the SDK's defaults but for the time-outs.
type ClientConfig struct {
	MaxAttempts int    // attempts of one call, the first included; 0: 3
	RetryMode   string // "standard" or "adaptive"; "": standard
	// ConnectTimeout and ReadTimeout bound one attempt of a call. 0: 10 s and 20 s.
	ConnectTimeout, ReadTimeout time.Duration
	MaxConnections              int // open connections; 0: as many as there are calls
	// Proxies are proxy URLs by the scheme of the server's URL, "http" and "https". Nil: HTTPS_PROXY and the like.
	Proxies map[string]secrets.Secret
	// ClientCert and ClientKey are the paths of PEM files; ClientKey "": both are in ClientCert.
	ClientCert, ClientKey string
	FIPS, DualStack       bool   // ask the endpoints of that kind
	AppID                 string // added to the user agent
}

// botocoreConfig is the part of botocore's Config that has a meaning here.
type botocoreConfig struct {
	Retries        botocoreRetries           `json:"retries"`
	ConnectTimeout float64                   `json:"connect_timeout"` // seconds
	ReadTimeout    float64                   `json:"read_timeout"`
	MaxConnections int                       `json:"max_pool_connections"`
	Proxies        map[string]secrets.Secret `json:"proxies"`
	ClientCert     json.RawMessage           `json:"client_cert"`
	FIPS           bool                      `json:"use_fips_endpoint"`
	DualStack      bool                      `json:"use_dualstack_endpoint"`
	AppID          string                    `json:"user_agent_appid"`
}

type (
	botocoreRetries struct {
		MaxAttempts      *int   `json:"max_attempts"` // after the first
		TotalMaxAttempts *int   `json:"total_max_attempts"`
		Mode             string `json:"mode"`
	}
	botocoreRetriesFields botocoreRetries
)

// UnmarshalJSON reads an object, refusing names that it does not know.
func (r *botocoreRetries) UnmarshalJSON(data []byte) error {
	return object(data, (*botocoreRetriesFields)(r))
}

// KwargHints says where an option that is not taken went.
func (*botocoreConfig) KwargHints() map[string]string {
	return map[string]string{
		"region_name":                     "give the argument region_name",
		"signature_version":               "every request is signed with version 4",
		"s3":                              "no call goes to S3",
		"proxies_config":                  "give the proxy's authority with AWS_CA_BUNDLE, or verify",
		"ignore_configured_endpoint_urls": "set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		"user_agent":                      "the SDK writes its own; user_agent_appid adds to it",
		"user_agent_extra":                "give user_agent_appid",
	}
}

// UnmarshalJSON reads what has a meaning of botocore's Config, and refuses the rest by name.
func (c *ClientConfig) UnmarshalJSON(data []byte) error {
	var b botocoreConfig
	if err := object(data, &b); err != nil {
		return err
	}
	*c = ClientConfig{
		MaxConnections: b.MaxConnections, Proxies: b.Proxies, FIPS: b.FIPS, DualStack: b.DualStack, AppID: b.AppID,
		ConnectTimeout: seconds(b.ConnectTimeout), ReadTimeout: seconds(b.ReadTimeout),
		RetryMode: b.Retries.Mode,
	}
	if n := b.Retries.MaxAttempts; n != nil {
		c.MaxAttempts = *n + 1
	}
	if n := b.Retries.TotalMaxAttempts; n != nil {
		c.MaxAttempts = *n
	}
	if c.RetryMode == "legacy" { // botocore's name for what it did before it had modes
		c.RetryMode = ""
	}
	if len(b.ClientCert) > 0 {
		cert, ok := pytls.Cert(b.ClientCert)
		if !ok {
			return backend.ArgumentError("has a client_cert that is neither a path nor a list of two paths, certificate and key")
		}
		c.ClientCert, c.ClientKey = cert.Path, cert.Key
	}
	return nil
}

func (c *ClientConfig) validate() error {
	switch {
	case c.MaxAttempts < 0:
		return errors.New("has a negative number of attempts in retries")
	case c.RetryMode != "" && c.RetryMode != "standard" && c.RetryMode != "adaptive":
		return errors.New("has a retries mode other than standard, adaptive and legacy")
	case c.ConnectTimeout < 0 || c.ReadTimeout < 0:
		return errors.New("has a negative time-out")
	case c.MaxConnections < 0:
		return errors.New("has a negative max_pool_connections")
	case c.ClientKey != "" && c.ClientCert == "":
		return errors.New("has the key of a client certificate without the certificate")
	}
	for scheme, proxy := range c.Proxies {
		if scheme != "http" && scheme != "https" {
			return errors.New("has proxies for schemes other than http and https")
		}
		if _, err := proxyURL(proxy); err != nil {
			return fmt.Errorf("has a proxy for %s that is no URL such as http://host:port", scheme)
		}
	}
	return nil
}

// errProxy stands in for the errors of net/url, which quote their input: a proxy's URL may hold a password.
var errProxy = errors.New("not a URL")

// proxyURL reads a proxy's URL; without a scheme it is http, as in botocore.
func proxyURL(proxy secrets.Secret) (*url.URL, error) {
	text := proxy.Reveal()
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errProxy
	}
	return u, nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// object reads the JSON object of an argument into a struct as strictly as the arguments themselves are read. The
// object may be inside a string: environment variables hold such.
func object(data []byte, v any) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		data = []byte(text)
	}
	if err := backend.DecodeKwargs(data, v); err != nil {
		return backend.ArgumentError("cannot be used: " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}
