package ssm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/ssm"
)

func TestFailures(t *testing.T) {
	awstest.Failures(t, open)

	for _, row := range []struct {
		code  string
		class error
		shows string
	}{
		{"ParameterNotFound", secrets.ErrNotFound, ""},
		{"ParameterVersionNotFound", secrets.ErrNotFound, ""},
		{"ValidationException", secrets.ErrNotFound, ""},
		{"InvalidKeyId", secrets.ErrDenied, "KMS"},
	} {
		t.Run(row.code, func(t *testing.T) {
			b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: row.code, Message: awstest.Planted})
			}), nil)
			_, err := b.GetVariable(t.Context(), "hello")
			awstest.RequireClass(t, err, row.class, "/airflow/variables/hello", row.shows)
		})
	}
	t.Run("an answer without a value", func(t *testing.T) {
		b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"Parameter": {"Name": "/airflow/variables/hello"}}`))
		}), nil)
		_, err := b.GetVariable(t.Context(), "hello")
		awstest.RequireClass(t, err, secrets.ErrUnavailable, "no value")
		_, err = b.GetVariables(t.Context(), []string{"hello"})
		require.NoError(t, err, "a batch that does not know the name")
	})
}

func TestCheck(t *testing.T) { awstest.Checks(t, open) }

// The service would read a colon as a version or a label, and answer with a value that nobody asked for.
func TestColonIsNoSelector(t *testing.T) {
	b, wire := wireBackend(t, nil)
	wire.SetParameter("/airflow/variables/hello", "String", "first")
	wire.SetParameter("/airflow/variables/hello", "String", "second")
	for _, id := range []string{"hello:1", "hello:label", ":1"} {
		_, err := b.GetVariable(t.Context(), id)
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
	require.Empty(t, wire.Calls())
	name, ok := b.StoreName(secrets.KindVariable, "hello:1")
	assert.Equal(t, "/airflow/variables/hello:1", name)
	assert.False(t, ok)
	value, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.True(t, value == "second", "the latest version")
}

func TestEveryTypeOfParameter(t *testing.T) {
	b, wire := wireBackend(t, nil)
	for kind, value := range map[string]string{"String": "plain", "SecureString": "secret", "StringList": "a,b,c"} {
		wire.SetParameter("/airflow/variables/"+kind, kind, value)
		got, err := b.GetVariable(t.Context(), kind)
		require.NoError(t, err)
		assert.Truef(t, got == value, "%s", kind)
		many, err := b.GetVariables(t.Context(), []string{kind})
		require.NoError(t, err)
		assert.Truef(t, many[kind] == value, "%s in a batch", kind)
	}
}

func TestImpossibleNamesAreNotAskedFor(t *testing.T) {
	b, wire := wireBackend(t, nil)
	for _, id := range []string{"a b", "ключ", "per%cent", "a*b", "new\nline", strings.Repeat("x", 1012), strings.Repeat("a/", 13) + "a"} {
		_, err := b.GetVariable(t.Context(), id)
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
	require.Empty(t, wire.Calls())
	for _, id := range []string{strings.Repeat("x", 1011-len("/airflow/variables/")), strings.Repeat("a/", 12) + "a"} {
		_, err := b.GetVariable(t.Context(), id)
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
	require.Len(t, wire.Calls(), 2, "the longest and the deepest name are asked for")
}

func TestTeams(t *testing.T) {
	b, wire := wireBackend(t, &ssm.Options{Team: "team-a"})
	wire.SetParameter("/airflow/connections/team-a--db", "SecureString", "mysql://own")
	wire.SetParameter("/airflow/connections/db", "SecureString", "mysql://global")
	wire.SetParameter("/airflow/connections/other", "SecureString", "mysql://global")
	for id, host := range map[string]string{"db": "own", "other": "global"} {
		conns, err := b.GetConnections(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, host, conns[0].Host)
	}
	_, err := b.GetConnections(t.Context(), "team-b--db")
	require.ErrorIs(t, err, secrets.ErrDenied)
	assert.Len(t, wire.Calls(), 3)

	_, err = ssm.New(&sdk.Client{}, &ssm.Options{Team: "a"})
	require.Error(t, err)
}

// 25 names are three calls, absent names are absent, and an impossible name that only the service knows of costs no other
// its value.
func TestBatches(t *testing.T) {
	b, wire := wireBackend(t, nil)
	var ids []string
	for i := range 25 {
		id := "name-" + strconv.Itoa(i)
		ids = append(ids, id)
		if i%5 != 0 {
			wire.SetParameter("/airflow/variables/"+id, "String", id)
		}
	}
	found, err := b.GetVariables(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, found, 20)
	require.Len(t, wire.Calls(), 3)

	found, err = b.GetVariables(t.Context(), append(ids, "two//slashes"))
	require.NoError(t, err)
	require.Len(t, found, 20)
}

func TestBatchFailsHonestly(t *testing.T) {
	b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "AccessDeniedException", Message: awstest.Planted})
	}), nil)
	found, err := b.GetVariables(t.Context(), []string{"hello"})
	require.Empty(t, found)
	awstest.RequireClass(t, err, secrets.ErrDenied, "ssm:GetParameters")
}

// Where names are asked for one by one, a refusal is told of its own parameter, and the others are given.
func TestBatchOfImpossibleNames(t *testing.T) {
	wire := awswire.New()
	wire.SetParameter("/airflow/variables/first", "String", "fine")
	wire.SetParameter("/airflow/variables/last", "String", "fine")
	b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetParameters"):
			awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "ValidationException", Message: awstest.Planted})
		case bytes.Contains(body, []byte("/airflow/variables/hello")):
			awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "AccessDeniedException", Message: awstest.Planted})
		default:
			wire.ServeHTTP(w, r)
		}
	}), nil)
	found, err := b.GetVariables(t.Context(), []string{"first", "hello", "absent", "last"})
	awstest.RequireClass(t, err, secrets.ErrDenied, "/airflow/variables/hello", "ssm:GetParameter on")
	assert.Len(t, found, 2)
	assert.True(t, found["first"] == "fine" && found["last"] == "fine")
}

func TestListTurnsPages(t *testing.T) {
	b, wire := wireBackend(t, nil)
	var want []string
	for i := range 120 {
		id := "name-" + strconv.Itoa(i)
		want = append(want, id)
		wire.SetParameter("/airflow/variables/"+id, "SecureString", "x")
	}
	wire.SetParameter("/airflow/variables-of-others/x", "String", "x")
	got, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	slices.Sort(got)
	slices.Sort(want)
	assert.Equal(t, want, got)
	calls := wire.Calls()
	require.Len(t, calls, 3)
	assert.Equal(t, []bool{false, true, true}, []bool{calls[0].Page, calls[1].Page, calls[2].Page})

	none, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Empty(t, none)
}

// A server that gives a page again would go on for ever.
func TestListThatDoesNotEnd(t *testing.T) {
	pages := 0
	b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pages++
		_, _ = w.Write([]byte(`{"Parameters": [{"Name": "/airflow/variables/a"}], "NextToken": "again"}`))
	}), nil)
	_, err := b.List(t.Context(), secrets.KindVariable)
	awstest.RequireClass(t, err, secrets.ErrUnavailable, "a page of its list again")
	assert.Equal(t, 2, pages)
}

func TestListWithABlankPrefixAndWithAnImpossibleOne(t *testing.T) {
	b, wire := wireBackend(t, &ssm.Options{Variables: backend.At(""), Connections: backend.At("not possible"), Config: backend.Off})
	wire.SetParameter("/top", "String", "x")
	wire.SetParameter("/deep/er", "String", "x")
	got, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"top", "deep/er"}, got)
	got, err = b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Len(t, wire.Calls(), 1)
	require.NoError(t, b.Check(t.Context()), "the check skips what is off or impossible")
	assert.Equal(t, []string{"/secretchain-check"}, wire.Calls()[1].Names)
}

// The service looks names up below some prefixes that it refuses to list: with doubled slashes, or /aws/reference.
func TestListOfAPrefixThatTheServiceRefuses(t *testing.T) {
	b, _ := wireBackend(t, &ssm.Options{Variables: backend.At("/two//slashes")})
	_, err := b.List(t.Context(), secrets.KindVariable)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "/two//slashes")
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := ssm.New(nil, nil)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = ssm.New(&sdk.Client{}, &ssm.Options{AWS: ssm.AWS{Region: "eu-west-1"}})
	require.ErrorContains(t, err, "Open")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = ssm.Open(t.Context(), &ssm.Options{AWS: ssm.AWS{AccessKeyID: "only"}})
	require.ErrorContains(t, err, "aws_secret_access_key")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	b, err := ssm.Open(t.Context(), nil)
	require.NoError(t, err, "opening does no I/O")
	require.NoError(t, b.Close())
}

// Nothing is asked after Close, of a client of the caller's either, which stays as it is.
func TestClosedIsClosed(t *testing.T) {
	b, wire := wireBackend(t, nil)
	wire.SetParameter("/airflow/variables/hello", "String", "world")
	require.NoError(t, b.Close())
	_, err := b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrClosed)
	_, err = b.GetVariables(t.Context(), []string{"hello"})
	require.ErrorIs(t, err, secrets.ErrClosed)
	_, err = b.List(t.Context(), secrets.KindVariable)
	require.ErrorIs(t, err, secrets.ErrClosed)
	require.ErrorIs(t, b.Check(t.Context()), secrets.ErrClosed)
	require.Empty(t, wire.Calls())
}

func TestDriver(t *testing.T) {
	wire := awswire.New()
	server := wiretest.Serve(t, wire)
	wire.SetParameter("/prod/conns/db", "SecureString", "mysql://u:p@host")
	kwargs := json.RawMessage(`{"connections_prefix": "/prod/conns", "variables_prefix": null, "profile_name": null, "region_name": "eu-west-1",
		"endpoint_url": "` + server.URL + `", "aws_access_key_id": "` + awswire.AccessKeyID + `", "aws_secret_access_key": "` + awswire.SecretAccessKey + `"}`)
	for _, name := range append(backend.ClassPaths("ssm"), "ssm") {
		b, err := backend.Open(t.Context(), name, kwargs)
		require.NoError(t, err)
		conns, err := b.GetConnections(t.Context(), "db")
		require.NoError(t, err)
		assert.Equal(t, "host", conns[0].Host)
		_, err = b.GetVariable(t.Context(), "db")
		require.ErrorIs(t, err, secrets.ErrNotFound)
		backendtest.NoLeak(t, awswire.SecretAccessKey, b, err)
		require.NoError(t, b.(*ssm.Backend).Close())
	}
	_, err := backend.Open(t.Context(), "ssm", json.RawMessage(`{"connection_prefix": "x", "session_kwargs": {}, "sep": "/"}`))
	require.ErrorContains(t, err, "connections_prefix")
	require.ErrorContains(t, err, "removed by Airflow")
	require.ErrorContains(t, err, `"sep"`)
	_, err = backend.Open(t.Context(), "ssm", json.RawMessage(`{"connections_lookup_pattern": "["}`))
	require.Error(t, err)
}
