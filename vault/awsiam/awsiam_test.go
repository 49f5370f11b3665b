package awsiam_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
	"github.com/secretchain/secrets/vault/awsiam"
)

const planted = "pLanted5ecret"

// server takes logins at auth/aws/login and knows one variable.
func server(t *testing.T, login func(fields map[string]string)) *httptest.Server {
	s := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/login") {
			var fields map[string]string
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&fields))
			assert.Equal(t, "/v1/auth/aws/login", r.URL.Path)
			login(fields)
			_, _ = io.WriteString(w, `{"auth": {"client_token": "s.fresh", "lease_duration": 60}}`)
			return
		}
		_, _ = io.WriteString(w, `{"data": {"data": {"value": "x"}}}`)
	}))
	return s
}

// verify signs the request again, as AWS would to check it, and returns it.
func verify(t *testing.T, fields map[string]string, keys aws.Credentials, region string) *http.Request {
	t.Helper()
	decoded := func(name string) string {
		text, err := base64.StdEncoding.DecodeString(fields[name])
		require.NoError(t, err)
		return string(text)
	}
	body := decoded("iam_request_body")
	assert.Equal(t, "Action=GetCallerIdentity&Version=2011-06-15", body)
	r, err := http.NewRequest(fields["iam_http_request_method"], decoded("iam_request_url"), bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(decoded("iam_request_headers")), &r.Header))
	got := r.Header.Get("Authorization")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(body))
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(sum[:]), "sts", region, at))
	assert.True(t, got != "" && got == r.Header.Get("Authorization"), "the signature is not good")
	return r
}

func TestArguments(t *testing.T) {
	isolate(t)
	for name, c := range map[string]struct{ kwargs, role, region, url string }{
		"keys":            {`"key_id": "AKIDEXAMPLE", "secret_id": "` + planted + `", "role_id": "app"`, "app", "us-east-1", "https://sts.amazonaws.com/"},
		"region":          {`"key_id": "AKIDEXAMPLE", "secret_id": "` + planted + `", "region": "eu-central-1"`, "", "eu-central-1", "https://sts.eu-central-1.amazonaws.com/"},
		"China":           {`"key_id": "AKIDEXAMPLE", "secret_id": "` + planted + `", "region": "cn-north-1"`, "", "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"},
		"the environment": {`"role_id": "app"`, "app", "us-east-1", "https://sts.amazonaws.com/"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "the environment" {
				t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
				t.Setenv("AWS_SECRET_ACCESS_KEY", planted)
			}
			logins := 0
			s := server(t, func(fields map[string]string) {
				logins++
				assert.Equal(t, c.role, fields["role"])
				r := verify(t, fields, aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: planted}, c.region)
				assert.Equal(t, c.url, r.URL.String())
				assert.Equal(t, "43", r.Header.Get("Content-Length"))
			})
			b, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"url": "`+s.URL+`", "auth_type": "aws_iam", `+c.kwargs+`}`))
			require.NoError(t, err)
			defer b.(io.Closer).Close()
			_, err = b.GetVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.Equal(t, 1, logins)
		})
	}
}

// The role of assume_role_kwargs signs, with its session token.
func TestAssumedRole(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "other")
	sts := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "AssumeRole", r.Form.Get("Action"))
		assert.Equal(t, "arn:aws:iam::123456789012:role/app", r.Form.Get("RoleArn"))
		assert.Equal(t, "sess", r.Form.Get("RoleSessionName"))
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>
			<SecretAccessKey>%s</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>%s</Expiration></Credentials>
			</AssumeRoleResult></AssumeRoleResponse>`, planted, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	logins := 0
	s := server(t, func(fields map[string]string) {
		logins++
		r := verify(t, fields, aws.Credentials{AccessKeyID: "ASIAROLE", SecretAccessKey: planted, SessionToken: "tok"}, "us-east-1")
		assert.Equal(t, "tok", r.Header.Get("X-Amz-Security-Token"))
	})
	b, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"url": "`+s.URL+`", "auth_type": "aws_iam",
		"assume_role_kwargs": {"RoleArn": "arn:aws:iam::123456789012:role/app", "RoleSessionName": "sess"}}`))
	require.NoError(t, err)
	defer b.(io.Closer).Close()
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, 1, logins)
}

func TestServerID(t *testing.T) {
	isolate(t)
	keys := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", planted, "")
	s := server(t, func(fields map[string]string) {
		r := verify(t, fields, aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: planted}, "eu-west-1")
		assert.Equal(t, "vault.example.com", r.Header.Get("X-Vault-AWS-IAM-Server-ID"))
	})
	b, err := vault.Open(t.Context(), &vault.Options{Address: s.URL,
		Login: awsiam.Login{Credentials: keys, Region: "eu-west-1", ServerID: "vault.example.com"}})
	require.NoError(t, err)
	defer b.Close()
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
}

func TestBadArguments(t *testing.T) {
	for name, c := range map[string]struct{ kwargs, says string }{
		"half a key":               {`"key_id": "` + planted + `"`, "secret_id"},
		"no role":                  {`"assume_role_kwargs": {"RoleSessionName": "` + planted + `"}`, "RoleArn"},
		"not a role":               {`"assume_role_kwargs": {"RoleArn": "` + planted + `"}`, "arn:"},
		"not an object":            {`"assume_role_kwargs": "` + planted + `"`, "object"},
		"not an object within":     {`"assume_role_kwargs": "[]"`, "object"},
		"unknown parameter within": {`"assume_role_kwargs": "{\"RoleArn\": \"arn:aws:iam::1:role/x\", \"Nonsense\": 1}"`, "Nonsense"},
		"unknown parameter":        {`"assume_role_kwargs": {"RoleArn": "arn:aws:iam::1:role/x", "Nonsense": "` + planted + `"}`, "Nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"auth_type": "aws_iam", `+c.kwargs+`}`))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			assert.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestNoCredentials(t *testing.T) {
	isolate(t)
	s := server(t, func(map[string]string) { t.Error("a login without credentials") })
	for name, c := range map[string]struct {
		provider aws.CredentialsProvider
		class    error
	}{
		"none at all":       {nil, secrets.ErrDenied},
		"an odd provider":   {failing{errors.New(planted)}, secrets.ErrDenied},
		"a provider's peer": {failing{fmt.Errorf("%s: dial tcp: connection refused", planted)}, secrets.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := vault.Open(t.Context(), &vault.Options{Address: s.URL, Login: awsiam.Login{Credentials: c.provider}})
			require.NoError(t, err)
			defer b.Close()
			_, err = b.GetVariable(t.Context(), "hello")
			assert.ErrorIs(t, secrets.ClassOf(err), c.class)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

// A server of credentials that fails is an outage: nobody has refused them.
func TestCredentialsOutage(t *testing.T) {
	isolate(t)
	container := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotImplemented) // which the SDK does not try again
		_, _ = io.WriteString(w, planted)
	}))
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.URL)
	s := server(t, func(map[string]string) { t.Error("a login without credentials") })
	for name, login := range map[string]awsiam.Login{"with a region": {Region: "eu-west-1"}, "without": {}} {
		b, err := vault.Open(t.Context(), &vault.Options{Address: s.URL, Login: login})
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrUnavailable, name)
		assert.ErrorContains(t, err, "AWS credentials for the login to Vault")
		assert.ErrorContains(t, err, "status 501")
		backendtest.NoLeak(t, planted, err)
		require.NoError(t, b.Close())
	}
}

type failing struct{ err error }

func (f failing) Retrieve(context.Context) (aws.Credentials, error) { return aws.Credentials{}, f.err }

// isolate keeps the machine's own AWS settings out.
func isolate(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}
