package awsclient_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
)

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
		broken := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
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
		require.NoError(t, get(t, o), "without AWS_ROLE_ARN: the role is an argument")
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
		metadata := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Path != "/computeMetadata/v1/instance/service-accounts/default/identity" ||
				r.FormValue("audience") != "my audience" || r.FormValue("format") != "full" {
				status = http.StatusBadRequest
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, awswire.WebIdentityToken)
		}))
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
		metadata := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
		require.NoError(t, get(t, o))
	})
	t.Run("instance without a role", func(t *testing.T) {
		metadata := wiretest.Serve(t, http.NotFoundHandler())
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "no usable credentials", "status 404")
	})
	t.Run("container", func(t *testing.T) {
		status := http.StatusOK
		endpoint := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(given)
		}))
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.URL)
		require.NoError(t, get(t, o))
		status = http.StatusForbidden
		awstest.RequireClass(t, get(t, o), secrets.ErrDenied, "login")
	})
	assert.Len(t, wire.Calls(), 2)
}
