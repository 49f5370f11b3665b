package awsclient_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// serve starts a server that holds one parameter.
func serve(t *testing.T) (*awswire.Server, *httptest.Server) {
	t.Helper()
	awstest.NoEnvironment(t)
	wire := awswire.New()
	wire.SetParameter("/p", "SecureString", "value")
	server := wiretest.Serve(t, wire)
	return wire, server
}

// get reads the parameter with a fresh client made of arguments.
func get(t *testing.T, o awsclient.Options) error {
	t.Helper()
	require.NoError(t, awsclient.Validate(o, "ssm", sdk.ServiceAPIVersion))
	c := newClient(o)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return getWith(t.Context(), c)
}

func newClient(o awsclient.Options) *awsclient.Client[*sdk.Client] {
	return awsclient.New(o, "ssm", func(cfg awsclient.Config, at awsclient.Endpoint) *sdk.Client {
		return sdk.NewFromConfig(cfg, func(so *sdk.Options) {
			if at.URL != "" {
				so.BaseEndpoint = &at.URL
			}
			so.EndpointOptions.DisableHTTPS = at.DisableHTTPS
		})
	})
}

func getWith(ctx context.Context, c *awsclient.Client[*sdk.Client]) error {
	client, err := c.Get(ctx)
	if err != nil {
		return err
	}
	name := "/p"
	if _, err = client.GetParameter(ctx, &sdk.GetParameterInput{Name: &name}); err != nil {
		return awsclient.Failure(err, "ssm:GetParameter")
	}
	return nil
}

func TestVerify(t *testing.T) {
	wire, _ := serve(t)
	server := httptest.NewUnstartedServer(wire)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	wiretest.CloseAtEnd(t, server)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	o := awstest.Arguments(server.URL)

	for _, row := range []struct {
		verify string
		class  error
	}{
		{`null`, secrets.ErrUnavailable}, {`true`, secrets.ErrUnavailable}, {`"true"`, secrets.ErrUnavailable},
		{`false`, nil}, {`"False"`, nil}, {`"` + bundle + `"`, nil},
		{`"/` + awstest.Planted + `"`, secrets.ErrUnavailable}, {`"` + os.Args[0] + `"`, secrets.ErrUnavailable},
	} {
		t.Run(filepath.Base(row.verify), func(t *testing.T) {
			o := o
			require.NoError(t, json.Unmarshal([]byte(row.verify), &o.Verify))
			err := get(t, o)
			if row.class == nil {
				require.NoError(t, err)
				return
			}
			awstest.RequireClass(t, err, row.class, "verify")
		})
	}
	t.Run("AWS_CA_BUNDLE", func(t *testing.T) {
		t.Setenv("AWS_CA_BUNDLE", bundle)
		require.NoError(t, get(t, o))
	})
}

// A proxy's URL may hold a password: it is used, and not shown.
func TestProxy(t *testing.T) {
	wire, server := serve(t)
	var proxied atomic.Int32
	proxy := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		wire.ServeHTTP(w, r)
	}))
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	u.User = url.UserPassword("user", awstest.Planted)
	o := awstest.Arguments(strings.Replace(server.URL, "127.0.0.1", "store.invalid", 1))
	o.Client.Proxies = map[string]secrets.Secret{"http": secrets.NewSecret(u.String())}
	require.NoError(t, get(t, o))
	assert.EqualValues(t, 1, proxied.Load())
	backendtest.NoLeak(t, awstest.Planted, o, newClient(o))

	o.Client.Proxies = map[string]secrets.Secret{"http": secrets.NewSecret(u.Host)}
	awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "proxy", "407")
	o.Client.Proxies = map[string]secrets.Secret{"https": secrets.NewSecret(u.Host)}
	o.Endpoint = server.URL
	require.NoError(t, get(t, o), "for the other scheme")
}

// What a machine or a container is told about itself it is told by its own host.
func TestNoProxyForMetadata(t *testing.T) {
	var o awsclient.Options
	o.Client.Proxies = map[string]secrets.Secret{"http": secrets.NewSecret("http://proxy.example.com:3128")}
	for address, proxied := range map[string]bool{
		"http://169.254.169.254/latest/api/token": false, "http://169.254.170.2/v2/credentials": false, "http://[fd00:ec2::254]/": false,
		"http://localhost:4566/": true, "http://ssm.eu-west-1.amazonaws.com/": true, "http://10.0.0.1/": true, "https://10.0.0.1/": false,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		proxy, err := awsclient.Proxy(&o, r)
		require.NoError(t, err)
		assert.Equal(t, proxied, proxy != nil, address)
	}
}

func TestRetriesAreTheSDKs(t *testing.T) {
	awstest.NoEnvironment(t)
	for retries, want := range map[string]int32{
		`{"retries": {"total_max_attempts": 1}}`: 1, `{"retries": {"max_attempts": 0, "mode": "legacy"}}`: 1,
		`{"retries": {"max_attempts": 1, "mode": "adaptive"}}`: 2, `{"retries": "{\"total_max_attempts\": 1}"}`: 1,
	} {
		var requests atomic.Int32
		server := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			awswire.WriteFailure(w, awswire.Failure{Status: 500, Code: "InternalServerError"})
		}))
		o := awstest.Arguments(server.URL)
		require.NoError(t, json.Unmarshal([]byte(retries), &o.Client))
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable)
		assert.Equal(t, want, requests.Load(), retries)
	}
}

// The caller's context ends the SDK's retries too.
func TestContextBoundsRetries(t *testing.T) {
	awstest.NoEnvironment(t)
	ctx, cancel := context.WithCancel(t.Context())
	server := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		awswire.WriteFailure(w, awswire.Failure{Status: 500, Code: "InternalServerError"})
	}))
	o := awstest.Arguments(server.URL)
	o.Client.MaxAttempts = 1000
	c := newClient(o)
	t.Cleanup(func() { _ = c.Close() })
	require.Error(t, getWith(ctx, c))
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}

func TestConfigKwargs(t *testing.T) {
	var c awsclient.ClientConfig
	require.NoError(t, json.Unmarshal([]byte(`{"connect_timeout": 1.5, "read_timeout": 2, "max_pool_connections": 7, "user_agent_appid": "app",
		"use_fips_endpoint": true, "use_dualstack_endpoint": true, "client_cert": ["c", "k"], "proxies": {"https": "host:1"}}`), &c))
	assert.Equal(t, 1500*time.Millisecond, c.ConnectTimeout)
	assert.Equal(t, 2*time.Second, c.ReadTimeout)
	assert.Equal(t, 7, c.MaxConnections)
	assert.Equal(t, "app", c.AppID)
	assert.True(t, c.FIPS && c.DualStack)
	assert.Equal(t, []string{"c", "k"}, []string{c.ClientCert, c.ClientKey})
	require.NoError(t, json.Unmarshal([]byte(`{"client_cert": "both"}`), &c))
	assert.Equal(t, "both", c.ClientCert)
}

func TestClientCertificateIsRead(t *testing.T) {
	_, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.Client.ClientCert = "/" + awstest.Planted
	awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable, "client certificate")
}

// Every argument that cannot be used is refused before anything is asked, by name and without its value.
func TestRefusals(t *testing.T) {
	const p = awstest.Planted
	for kwargs, shows := range map[string]string{
		`{"aws_access_key_id": "` + p + `"}`:                                      "both or not at all",
		`{"aws_secret_access_key": "` + p + `"}`:                                  "both or not at all",
		`{"aws_session_token": "` + p + `"}`:                                      "aws_session_token",
		`{"role_arn": "` + p + `"}`:                                               "must begin with arn:",
		`{"assume_role_method": "` + p + `"}`:                                     "assume_role_with_web_identity",
		`{"assume_role_method": "assume_role_with_saml"}`:                         "credential_process",
		`{"assume_role_with_saml": {"idp_url": "` + p + `"}}`:                     "credential_process",
		`{"assume_role_method": "assume_role_with_web_identity"}`:                 "needs role_arn",
		`{"assume_role_kwargs": {"ExternalId": "` + p + `"}}`:                     "needs role_arn",
		`{"assume_role_kwargs": {"` + p[:7] + `Code": 1}}`:                        "known:",
		`{"role_arn": "arn:r", "assume_role_kwargs": {"TokenCode": "` + p + `"}}`: "one login only",
		`{"role_arn": "arn:r", "assume_role_kwargs": {"DurationSeconds": 1}}`:     "900",
		`{"role_arn": "arn:r", "assume_role_method": "assume_role_with_web_identity", "assume_role_kwargs": {"ExternalId": "` + p + `"}}`: "web identity",
		`{"assume_role_with_web_identity_federation": "` + p + `"}`:                                                                       "file or google",
		`{"endpoint_url": "` + p + `"}`:                                          "endpoint_url",
		`{"endpoint_url": "https://user:` + p + `@host"}`:                        "without a user",
		`{"service_config": {"` + p + `": {}}}`:                                  "ssm and sts",
		`{"service_config": {"ssm": {"endpoint_url": "` + p + `"}}}`:             "service_config",
		`{"service_config": {"sts": {"bucket_name": "` + p + `"}}}`:              "endpoint_url",
		`{"api_version": "` + p + `"}`:                                           sdk.ServiceAPIVersion,
		`{"verify": 1}`:                                                          "CA bundle",
		`{"config_kwargs": {"s3": {"addressing_style": "` + p + `"}}}`:           "no call goes to S3",
		`{"config_kwargs": {"parameter_validation": false}}`:                     "parameter_validation",
		`{"config_kwargs": {"retries": {"mode": "` + p + `"}}}`:                  "retries",
		`{"config_kwargs": {"retries": {"max_attempts": -5}}}`:                   "negative",
		`{"config_kwargs": {"retries": {"tries": 1}}}`:                           "tries",
		`{"config_kwargs": {"read_timeout": -1}}`:                                "negative",
		`{"config_kwargs": {"max_pool_connections": -1}}`:                        "negative",
		`{"config_kwargs": {"proxies": {"` + p + `": "x"}}}`:                     "http and https",
		`{"config_kwargs": {"proxies": {"https": "http://u:` + p + `@h:port"}}}`: "proxy for https",
		`{"config_kwargs": {"client_cert": 1}}`:                                  "client_cert",
		`{"session_kwargs": {"profile_name": "` + p + `"}}`:                      "removed by Airflow",
		`{"region": "` + p + `"}`:                                                "it is region_name",
	} {
		var o struct{ awsclient.Options }
		err := backend.DecodeKwargs(json.RawMessage(kwargs), &o)
		if err == nil {
			err = awsclient.Validate(o.Options, "ssm", sdk.ServiceAPIVersion)
		}
		if assert.ErrorIs(t, err, secrets.ErrMalformed, shows) {
			assert.Contains(t, err.Error(), shows)
			backendtest.NoLeak(t, p, err)
		}
	}
}

func TestAcceptedKwargs(t *testing.T) {
	for _, kwargs := range []string{`{}`, `{"use_ssl": null, "verify": null, "config_kwargs": null, "service_config": null, "assume_role_kwargs": {}}`,
		`{"api_version": "2014-11-06", "use_ssl": false}`, `{"service_config": {"ssm": {}, "sts": {"endpoint_url": "https://sts.example"}}}`,
		`{"config_kwargs": "{\"retries\": {\"mode\": \"standard\"}}"}`, `{"endpoint_url": "http://localhost:4566"}`} {
		var o struct{ awsclient.Options }
		require.NoError(t, backend.DecodeKwargs(json.RawMessage(kwargs), &o), kwargs)
		require.NoError(t, awsclient.Validate(o.Options, "ssm", sdk.ServiceAPIVersion), kwargs)
	}
}

// A plain connection to AWS's own endpoint is made without TLS; an endpoint of the arguments is taken as it is.
func TestUseSSL(t *testing.T) {
	no := false
	for endpoint, disable := range map[string]bool{"": true, "https://host": false} {
		var got awsclient.Endpoint
		c := awsclient.New(awsclient.Options{Region: "x", UseSSL: &no, Endpoint: endpoint}, "ssm", func(_ awsclient.Config, at awsclient.Endpoint) int {
			got = at
			return 0
		})
		awstest.NoEnvironment(t)
		_, err := c.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, awsclient.Endpoint{URL: endpoint, DisableHTTPS: disable}, got)
	}
}

// A failure to make the client is not remembered.
func TestClientIsMadeWhenItCanBe(t *testing.T) {
	_, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.Region = ""
	c := newClient(o)
	require.Error(t, getWith(t.Context(), c))
	t.Setenv("AWS_REGION", awswire.Region)
	require.NoError(t, getWith(t.Context(), c))
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "twice is fine")
}

// A long answer of a server that is quick arrives whole, at the first attempt. With the SDK's own handling of request
// bodies about every second one is cut off on loopback.
func TestLongQuickAnswers(t *testing.T) {
	awstest.NoEnvironment(t)
	answer := []byte(`{"Parameter": {"Name": "/p", "Value": "` + strings.Repeat("x", 3<<20) + `"}}`)
	server := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
	c := newClient(awstest.Arguments(server.URL))
	t.Cleanup(func() { _ = c.Close() })
	for range 30 {
		require.NoError(t, getWith(t.Context(), c))
	}
}
