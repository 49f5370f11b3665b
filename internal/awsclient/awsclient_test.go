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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
)

// serve starts a server that holds one parameter.
func serve(t *testing.T) (*awswire.Server, *httptest.Server) {
	t.Helper()
	awstest.NoEnvironment(t)
	wire := awswire.New()
	wire.SetParameter("/p", "SecureString", "value")
	server := httptest.NewServer(wire)
	t.Cleanup(server.Close)
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

func TestStaticKeys(t *testing.T) {
	_, server := serve(t)
	require.NoError(t, get(t, awstest.Arguments(server.URL)))
}

func TestEnvironmentAndProfile(t *testing.T) {
	_, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.AccessKeyID, o.SecretAccessKey, o.Region = "", secrets.Secret{}, ""

	t.Run("nothing", func(t *testing.T) {
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable, "region_name", "AWS_REGION")
	})
	t.Run("environment", func(t *testing.T) {
		t.Setenv("AWS_REGION", awswire.Region)
		t.Setenv("AWS_ACCESS_KEY_ID", awswire.AccessKeyID)
		t.Setenv("AWS_SECRET_ACCESS_KEY", awswire.SecretAccessKey)
		require.NoError(t, get(t, o))
		o := o
		o.Endpoint = ""
		t.Setenv("AWS_ENDPOINT_URL_SSM", server.URL)
		require.NoError(t, get(t, o), "the endpoint of the environment")
	})
	t.Run("profile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(file, []byte("[profile work]\nregion = "+awswire.Region+"\naws_access_key_id = "+
			awswire.AccessKeyID+"\naws_secret_access_key = "+awswire.SecretAccessKey+"\n"), 0o600))
		t.Setenv("AWS_CONFIG_FILE", file)
		o := o
		o.Profile = "work"
		require.NoError(t, get(t, o))
		o.Profile = awstest.Planted
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "profile_name")
	})
	t.Run("a profile that refers to none", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(file, []byte("[profile work]\nregion = x\nrole_arn = arn:x\nsource_profile = "+awstest.Planted+"\n"), 0o600))
		t.Setenv("AWS_CONFIG_FILE", file)
		o := o
		o.Profile = "work"
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "profile")
	})
}

func TestAssumeRole(t *testing.T) {
	wire, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.Endpoints = awsclient.Endpoints{"sts": server.URL}
	o.RoleARN = "arn:aws:iam::" + awswire.Account + ":role/reader"

	t.Run("plain", func(t *testing.T) {
		require.NoError(t, get(t, o))
		call := wire.Calls()[0]
		assert.Equal(t, "sts.AssumeRole", call.Operation)
		assert.Contains(t, call.Names, "RoleSessionName=Airflow_SystemsManagerParameterStoreBackend__connection")
	})
	t.Run("with everything", func(t *testing.T) {
		var full struct{ awsclient.Options }
		full.Options = o
		require.NoError(t, backend.DecodeKwargs(json.RawMessage(`{"assume_role_method": "assume_role", "assume_role_kwargs": {
			"RoleSessionName": "session", "ExternalId": "external", "DurationSeconds": 1800, "SourceIdentity": "source", "Policy": "{}",
			"PolicyArns": [{"arn": "arn:policy"}], "Tags": [{"Key": "k", "Value": "v"}], "TransitiveTagKeys": ["k"]}}`), &full))
		before := len(wire.Calls())
		require.NoError(t, get(t, full.Options))
		assert.ElementsMatch(t, []string{"RoleArn=" + o.RoleARN, "RoleSessionName=session", "ExternalId=external", "DurationSeconds=1800",
			"SourceIdentity=source", "Policy={}", "PolicyArns.member.1.arn=arn:policy", "Tags.member.1.Key=k", "Tags.member.1.Value=v",
			"TransitiveTagKeys.member.1=k"}, wire.Calls()[before].Names)
	})
	t.Run("one login for all", func(t *testing.T) {
		before := len(wire.Calls())
		c := newClient(o)
		t.Cleanup(func() { _ = c.Close() })
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { assert.NoError(t, getWith(t.Context(), c)) })
		}
		wg.Wait()
		logins := 0
		for _, call := range wire.Calls()[before:] {
			if call.Operation == "sts.AssumeRole" {
				logins++
			}
		}
		assert.Equal(t, 1, logins)
	})
	t.Run("refused", func(t *testing.T) {
		o := o
		o.RoleARN = awswire.RefusedRole
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login", "AccessDenied", "sts:AssumeRole")
	})
	t.Run("unknown key at login", func(t *testing.T) {
		o := o
		o.AccessKeyID = "AKIDNOBODY"
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login", "access key")
	})
	t.Run("STS fails", func(t *testing.T) {
		broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
		t.Cleanup(broken.Close)
		o := o
		o.Endpoints = awsclient.Endpoints{"sts": broken.URL}
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable, "login", "status 503")
		broken.Close()
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable, "login", "no connection")
	})
	t.Run("endpoint_url is not for STS", func(t *testing.T) {
		o := o
		o.Endpoints = nil
		t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
		require.NoError(t, get(t, o))
	})
}

func TestWebIdentity(t *testing.T) {
	wire, server := serve(t)
	o := awsclient.Options{
		Region: awswire.Region, Endpoint: server.URL, Endpoints: awsclient.Endpoints{"sts": server.URL},
		RoleARN: "arn:aws:iam::" + awswire.Account + ":role/pod", AssumeRoleMethod: "assume_role_with_web_identity",
		Client: awsclient.ClientConfig{MaxAttempts: 1},
	}
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(awswire.WebIdentityToken), 0o600))

	t.Run("file", func(t *testing.T) {
		o := o
		o.WebIdentityFederation, o.WebIdentityTokenFile = "file", file
		require.NoError(t, get(t, o))
		assert.Equal(t, "sts.AssumeRoleWithWebIdentity", wire.Calls()[0].Operation)
	})
	t.Run("file of the environment", func(t *testing.T) {
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "AWS_WEB_IDENTITY_TOKEN_FILE")
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
		t.Setenv("AWS_ROLE_ARN", o.RoleARN)
		require.NoError(t, get(t, o))
	})
	t.Run("wrong token", func(t *testing.T) {
		wrong := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(wrong, []byte(awstest.Planted), 0o600))
		o := o
		o.WebIdentityTokenFile = wrong
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login", "InvalidIdentityToken")
	})
	t.Run("no file", func(t *testing.T) {
		o := o
		o.WebIdentityTokenFile = filepath.Join(t.TempDir(), awstest.Planted)
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login")
	})
	t.Run("google", func(t *testing.T) {
		status := http.StatusOK
		metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Path != "/computeMetadata/v1/instance/service-accounts/default/identity" ||
				r.FormValue("audience") != "my audience" || r.FormValue("format") != "full" {
				status = http.StatusBadRequest
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, awswire.WebIdentityToken)
		}))
		t.Cleanup(metadata.Close)
		t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(metadata.URL, "http://"))
		o := o
		o.WebIdentityFederation, o.WebIdentityAudience = "google", "my audience"
		require.NoError(t, get(t, o))
		status = http.StatusNotFound
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login")
		metadata.Close()
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable, "login", "no connection")
	})
}

// A role that is attached to the machine or the container, and what it looks like when none is.
func TestAttachedRoles(t *testing.T) {
	wire, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.AccessKeyID, o.SecretAccessKey = "", secrets.Secret{}
	given, err := json.Marshal(map[string]string{"Code": "Success", "AccessKeyId": awswire.AccessKeyID, "SecretAccessKey": awswire.SecretAccessKey,
		"Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	require.NoError(t, err)

	t.Run("instance", func(t *testing.T) {
		metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/latest/api/token":
				w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
				_, _ = io.WriteString(w, "token")
			case "/latest/meta-data/iam/security-credentials/":
				_, _ = io.WriteString(w, "role")
			case "/latest/meta-data/iam/security-credentials/role":
				_, _ = w.Write(given)
			default:
				http.NotFound(w, r)
			}
		}))
		t.Cleanup(metadata.Close)
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
		require.NoError(t, get(t, o))
	})
	t.Run("instance without a role", func(t *testing.T) {
		metadata := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(metadata.Close)
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "no usable credentials", "status 404")
	})
	t.Run("container", func(t *testing.T) {
		status := http.StatusOK
		endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(given)
		}))
		t.Cleanup(endpoint.Close)
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.URL)
		require.NoError(t, get(t, o))
		status = http.StatusForbidden
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login")
	})
	assert.Len(t, wire.Calls(), 2)
}

func TestVerify(t *testing.T) {
	wire, _ := serve(t)
	server := httptest.NewUnstartedServer(wire)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
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
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		wire.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
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

func TestRetriesAreTheSDKs(t *testing.T) {
	awstest.NoEnvironment(t)
	for retries, want := range map[string]int32{
		`{"retries": {"total_max_attempts": 1}}`: 1, `{"retries": {"max_attempts": 0, "mode": "legacy"}}`: 1,
		`{"retries": {"max_attempts": 1, "mode": "adaptive"}}`: 2, `{"retries": "{\"total_max_attempts\": 1}"}`: 1,
	} {
		var requests atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			awswire.WriteFailure(w, awswire.Failure{Status: 500, Code: "InternalServerError"})
		}))
		o := awstest.Arguments(server.URL)
		require.NoError(t, json.Unmarshal([]byte(retries), &o.Client))
		awstest.RequireClass(t, get(t, o), secrets.ErrUnavailable)
		assert.Equal(t, want, requests.Load(), retries)
		server.Close()
	}
}

// The caller's context ends the SDK's retries too.
func TestContextBoundsRetries(t *testing.T) {
	awstest.NoEnvironment(t)
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		awswire.WriteFailure(w, awswire.Failure{Status: 500, Code: "InternalServerError"})
	}))
	t.Cleanup(server.Close)
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
		if assert.Error(t, err, shows) {
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

// A failure to make the client is not remembered, and nothing is left running after Close.
func TestClientIsMadeWhenItCanBe(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	_, server := serve(t)
	o := awstest.Arguments(server.URL)
	o.Region = ""
	c := newClient(o)
	require.NoError(t, c.Close(), "before the first call")
	require.Error(t, getWith(t.Context(), c))
	t.Setenv("AWS_REGION", awswire.Region)
	require.NoError(t, getWith(t.Context(), c))
	require.NoError(t, c.Close())
	require.NoError(t, getWith(t.Context(), c), "a closed client is usable")
	require.NoError(t, c.Close())
	server.Close()
}
