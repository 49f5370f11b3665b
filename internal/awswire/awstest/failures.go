// Package awstest holds the stores on AWS to what they share. Only tests import it.
package awstest

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/wiretest"
)

// Planted is in every word of a server that must not get into an error.
const Planted = "planted-6f2c9d1e"

// Arguments are those of a store at url that tries a call once.
func Arguments(url string) awsclient.Options {
	return awsclient.Options{
		Region: awswire.Region, Endpoint: url,
		AccessKeyID: awswire.AccessKeyID, SecretAccessKey: secrets.NewSecret(awswire.SecretAccessKey),
		Client: awsclient.ClientConfig{MaxAttempts: 1},
	}
}

// row is one way to fail.
type row struct {
	name  string
	serve http.HandlerFunc
	class error
	shows []string // what the error must tell
}

func answer(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		awswire.WriteFailure(w, awswire.Failure{Status: status, Code: code,
			Message: "User: arn:aws:iam::123456789012:user/" + Planted + " is not authorized"})
	}
}

func body(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// rows are the rows of the package comments that every service of AWS has.
var rows = []row{
	{"access denied", answer(400, "AccessDeniedException"), secrets.ErrDenied, []string{"AccessDeniedException", "allow ", "status 400", "request "}},
	{"unknown key", answer(400, "UnrecognizedClientException"), secrets.ErrDenied, []string{"UnrecognizedClientException", "access key"}},
	{"wrong signature", answer(400, "InvalidSignatureException"), secrets.ErrDenied, []string{"InvalidSignatureException", "clock"}},
	{"expired session", answer(400, "ExpiredTokenException"), secrets.ErrDenied, []string{"ExpiredTokenException", "renew"}},
	{"other refusal", answer(400, "OptInRequired"), secrets.ErrDenied, []string{"OptInRequired"}},
	{"refusal without a code", body(403, "text/html", "<p>"+Planted), secrets.ErrDenied, []string{"status 403"}},
	{"refusal without a word", body(403, "", ""), secrets.ErrDenied, []string{"status 403"}},
	{"5xx without a word", body(502, "", ""), secrets.ErrUnavailable, []string{"status 502", "the service failed"}},
	{"a huge refusal", body(403, "text/html", strings.Repeat(" ", 20<<20)), secrets.ErrDenied, []string{"status 403"}},
	{"refusal of a proxy", body(407, "text/html", Planted), secrets.ErrDenied, []string{"status 407", "proxy"}},
	{"throttled", answer(400, "ThrottlingException"), secrets.ErrUnavailable, []string{"ThrottlingException", "too many"}},
	{"throttled in other words", answer(429, "TooManyUpdates"), secrets.ErrUnavailable, []string{"status 429"}},
	{"internal error", answer(500, "InternalServerError"), secrets.ErrUnavailable, []string{"InternalServerError", "status 500"}},
	{"internal error of Secrets Manager", answer(500, "InternalServiceError"), secrets.ErrUnavailable, []string{"InternalServiceError"}},
	{"5xx without JSON", body(503, "text/html", "<h1>"+Planted), secrets.ErrUnavailable, []string{"status 503"}},
	{"unforeseen code", answer(400, "Unforeseen"), secrets.ErrUnavailable, []string{"Unforeseen"}},
	{"a code that is no code", answer(400, Planted+" "+Planted), secrets.ErrUnavailable, []string{"status 400"}},
	{"garbage", body(200, "application/x-amz-json-1.1", `{"`+Planted+`": <`), secrets.ErrUnavailable, []string{"not AWS's", "endpoint_url"}},
	{"another JSON", body(200, "application/json", `["`+Planted+`"]`), secrets.ErrUnavailable, []string{"endpoint_url"}},
	{"an empty answer", body(200, "application/x-amz-json-1.1", ""), nil, nil}, // each store has its own words
	{"a redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/"+Planted, http.StatusTemporaryRedirect)
	},
		secrets.ErrUnavailable, []string{"status 307"}},
	{"reset", func(w http.ResponseWriter, r *http.Request) { wiretest.ResetConnection(w, r) }, secrets.ErrUnavailable, []string{"closed"}},
	{"cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"`+Planted)
		panic(http.ErrAbortHandler)
	}, secrets.ErrUnavailable, []string{"closed"}},
	{"huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(64<<20))
		block := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}, secrets.ErrMalformed, []string{"bytes"}},
}

// Failures holds a store to the rows of its package comment that it shares with others. Open makes it of arguments.
func Failures(t *testing.T, open func(awsclient.Options) (secrets.Backend, error)) {
	NoEnvironment(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server := wiretest.Serve(t, row.serve)
			b, err := open(Arguments(server.URL))
			require.NoError(t, err)
			require.NotEqual(t, row.class, secrets.ErrNotFound)
			_, err = b.GetVariable(t.Context(), "hello")
			if row.class == nil {
				require.Error(t, err)
				require.NotErrorIs(t, err, secrets.ErrNotFound)
				backendtest.NoLeak(t, Planted, err)
				return
			}
			RequireClass(t, err, row.class, row.shows...)
		})
	}
	t.Run("connection refused", func(t *testing.T) {
		b, err := open(Arguments("http://" + wiretest.ClosedPort(t)))
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrUnavailable, "no connection", "endpoint_url")
	})
	t.Run("no answer", func(t *testing.T) {
		server := wiretest.Serve(t, http.HandlerFunc(wiretest.Silence))
		arguments := Arguments(server.URL)
		arguments.Client.ReadTimeout, arguments.Client.ConnectTimeout = 20*time.Millisecond, 20*time.Millisecond
		b, err := open(arguments)
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrUnavailable, "no answer in time")
	})
	t.Run("untrusted certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(wiretest.Silence))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		wiretest.CloseAtEnd(t, server)
		b, err := open(Arguments(server.URL))
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrUnavailable, "certificate", "verify")
	})
	t.Run("no TLS", func(t *testing.T) {
		server := wiretest.Serve(t, http.NotFoundHandler())
		b, err := open(Arguments(strings.Replace(server.URL, "http:", "https:", 1)))
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrUnavailable, "TLS")
	})
	t.Run("no credentials", func(t *testing.T) {
		b, err := open(awsclient.Options{Region: awswire.Region, Endpoint: "http://" + wiretest.ClosedPort(t)})
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrDenied, "no usable credentials", "aws_access_key_id")
	})
	t.Run("wrong secret key", func(t *testing.T) {
		server := wiretest.Serve(t, awswire.New())
		arguments := Arguments(server.URL)
		arguments.SecretAccessKey = secrets.NewSecret(Planted)
		b, err := open(arguments)
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrDenied, "InvalidSignatureException")
		backendtest.NoLeak(t, Planted, b, arguments)
	})
	t.Run("unknown access key", func(t *testing.T) {
		server := wiretest.Serve(t, awswire.New())
		arguments := Arguments(server.URL)
		arguments.AccessKeyID = "AKIDNOBODY"
		b, err := open(arguments)
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrDenied, "UnrecognizedClientException")
	})
	t.Run("expired keys", func(t *testing.T) {
		wire := awswire.New()
		wire.Expire(awswire.AccessKeyID)
		server := wiretest.Serve(t, wire)
		b, err := open(Arguments(server.URL))
		require.NoError(t, err)
		_, err = b.GetVariable(t.Context(), "hello")
		RequireClass(t, err, secrets.ErrDenied, "ExpiredTokenException")
	})
}

// Checks holds a store's Check to what it has to tell apart.
func Checks(t *testing.T, open func(awsclient.Options) (secrets.Backend, error)) {
	NoEnvironment(t)
	check := func(t *testing.T, serve http.Handler) error {
		server := wiretest.Serve(t, serve)
		b, err := open(Arguments(server.URL))
		require.NoError(t, err)
		return b.(secrets.Checker).Check(t.Context())
	}
	wire := awswire.New()
	require.NoError(t, check(t, wire), "fine")
	require.Len(t, wire.Calls(), 1)
	RequireClass(t, check(t, answer(400, "AccessDeniedException")), secrets.ErrDenied, "check", "AccessDeniedException")
	RequireClass(t, check(t, answer(500, "InternalFailure")), secrets.ErrUnavailable, "check")
	b, err := open(Arguments("http://" + wiretest.ClosedPort(t)))
	require.NoError(t, err)
	RequireClass(t, b.(secrets.Checker).Check(t.Context()), secrets.ErrUnavailable, "no connection", "endpoint_url")
}

// RequireClass demands that err has class and no other, says all of shows, and nothing of what was planted.
func RequireClass(t *testing.T, err, class error, shows ...string) {
	t.Helper()
	require.Error(t, err)
	backendtest.NoLeak(t, Planted, err)
	for _, other := range []error{secrets.ErrNotFound, secrets.ErrDenied, secrets.ErrMalformed, secrets.ErrUnavailable} {
		assert.Equalf(t, other == class, errors.Is(err, other), "class %q of %s", other, err)
	}
	for _, text := range shows {
		assert.Contains(t, err.Error(), text)
	}
}

// NoEnvironment takes everything away that the SDK could find credentials in.
func NoEnvironment(t *testing.T) {
	empty := t.TempDir()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
		"AWS_DEFAULT_REGION", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", empty+"/config")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", empty+"/credentials")
}
