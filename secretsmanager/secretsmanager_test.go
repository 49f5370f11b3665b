package secretsmanager_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awswire"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/secretsmanager"
)

func TestFailures(t *testing.T) {
	awstest.Failures(t, open)

	const marked = "You can't perform this operation on the secret because it was marked for deletion. " + awstest.Planted
	for _, row := range []struct {
		name, code, message string
		class               error
		shows               string
	}{
		{"absent", "ResourceNotFoundException", awstest.Planted, secrets.ErrNotFound, ""},
		{"impossible name", "ValidationException", awstest.Planted, secrets.ErrNotFound, ""},
		{"impossible name, older", "InvalidParameterException", awstest.Planted, secrets.ErrNotFound, ""},
		{"deleted", "InvalidRequestException", marked, secrets.ErrNotFound, ""},
		{"not deleted", "InvalidRequestException", "The secret is managed by " + awstest.Planted, secrets.ErrUnavailable, "an unforeseen answer (InvalidRequestException"},
		{"failing", "InternalServiceError", awstest.Planted, secrets.ErrUnavailable, "the service failed (InternalServiceError"},
		{"undecryptable", "DecryptionFailure", awstest.Planted, secrets.ErrDenied, "kms:Decrypt"},
	} {
		t.Run(row.name, func(t *testing.T) {
			wire := awswire.New()
			b := backendOn(t, wire, nil)
			wire.FailSecret("airflow/variables/hello", awswire.Failure{Status: 400, Code: row.code, Message: row.message})
			wire.SetSecret("airflow/variables/other", "fine")
			_, err := b.GetVariable(t.Context(), "hello")
			awstest.RequireClass(t, err, row.class, "airflow/variables/hello", row.shows)

			// A batch tells the same of the one, and gives the other.
			found, err := b.GetVariables(t.Context(), []string{"hello", "other"})
			assert.True(t, found["other"] == "fine")
			assert.Len(t, found, 1)
			if errors.Is(row.class, secrets.ErrNotFound) {
				require.NoError(t, err)
				return
			}
			awstest.RequireClass(t, err, row.class, "airflow/variables/hello", row.shows)
		})
	}
	t.Run("an answer without a value", func(t *testing.T) {
		b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"Name": "airflow/variables/hello"}`))
		}), nil)
		_, err := b.GetVariable(t.Context(), "hello")
		awstest.RequireClass(t, err, secrets.ErrMalformed, "store a value")
	})
	t.Run("a batch is refused", func(t *testing.T) {
		b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "AccessDeniedException", Message: awstest.Planted})
		}), nil)
		_, err := b.GetVariables(t.Context(), []string{"hello"})
		awstest.RequireClass(t, err, secrets.ErrDenied, "secretsmanager:BatchGetSecretValue")
		_, err = b.List(t.Context(), secrets.KindVariable)
		awstest.RequireClass(t, err, secrets.ErrDenied, "secretsmanager:ListSecrets")
	})
	t.Run("a batch cannot be decrypted", func(t *testing.T) {
		b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			awswire.WriteFailure(w, awswire.Failure{Status: 400, Code: "DecryptionFailure", Message: awstest.Planted})
		}), nil)
		_, err := b.GetVariables(t.Context(), []string{"hello"})
		awstest.RequireClass(t, err, secrets.ErrDenied, "kms:Decrypt")
	})
}

func TestCheck(t *testing.T) { awstest.Checks(t, open) }

// The real way of a secret through its deletion.
func TestDeletedSecretIsNotFound(t *testing.T) {
	wire := awswire.New()
	server := wiretest.Serve(t, wire)
	client := sdk.NewFromConfig(awswire.Config(server.URL))
	b, err := secretsmanager.New(client, nil)
	require.NoError(t, err)
	wire.SetSecret("airflow/variables/hello", "world")
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	_, err = client.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: aws.String("airflow/variables/hello")})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	ids, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	require.Empty(t, ids)
}

func TestBinarySecrets(t *testing.T) {
	b, wire := wireBackend(t, nil)
	wire.SetBinary("airflow/connections/db", []byte("mysql://u:p@höst"))
	wire.SetBinary("airflow/variables/bytes", []byte{0xff, 0xfe})
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "höst", conns[0].Host)
	many, err := b.GetConnectionMap(t.Context(), []string{"db"})
	require.NoError(t, err)
	require.Len(t, many["db"], 1)
	_, err = b.GetVariable(t.Context(), "bytes")
	awstest.RequireClass(t, err, secrets.ErrMalformed, "UTF-8")
	_, err = b.GetVariables(t.Context(), []string{"bytes"})
	awstest.RequireClass(t, err, secrets.ErrMalformed, "UTF-8")
}

func TestARNs(t *testing.T) {
	wire := awswire.New()
	wire.SetSecret("loose/db", "mysql://loose")
	wire.SetSecret("airflow/connections/db", "mysql://prefixed")
	whole := awswire.SecretARN("loose/db")
	partial := strings.TrimSuffix(whole, "-AbCdEf")

	blank := backendOn(t, wire, &secretsmanager.Options{Connections: backend.At("")})
	for _, id := range []string{"loose/db", whole, partial} {
		conns, err := blank.GetConnections(t.Context(), id)
		require.NoError(t, err, id)
		assert.Equal(t, "loose", conns[0].Host)
		many, err := blank.GetConnectionMap(t.Context(), []string{id, "absent"})
		require.NoError(t, err, id)
		require.Len(t, many, 1)
		require.Len(t, many[id], 1)
	}
	asked := len(wire.Calls())
	for _, id := range []string{whole + ":key", whole + ":key:AWSPREVIOUS:", "loose/db:AWSPREVIOUS", "arn:aws:s3:::bucket", "arn:aws:secretsmanager:x:1:secret:y"} {
		_, err := blank.GetConnections(t.Context(), id)
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
	require.Len(t, wire.Calls(), asked, "what chooses a key or a version is not asked for")
	_, err := blank.GetConnections(t.Context(), strings.Replace(whole, awswire.Region, "us-east-1", 1))
	require.ErrorIs(t, err, secrets.ErrNotFound, "another region's")

	account := strings.TrimSuffix(awswire.SecretARN("airflow/connections"), "-AbCdEf")
	prefixed := backendOn(t, wire, &secretsmanager.Options{Connections: backend.At(account)})
	conns, err := prefixed.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "prefixed", conns[0].Host)
	_, err = prefixed.List(t.Context(), secrets.KindConnection)
	require.ErrorIs(t, err, errors.ErrUnsupported)

	usual := backendOn(t, wire, nil)
	asked = len(wire.Calls())
	_, err = usual.GetConnections(t.Context(), whole)
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.Len(t, wire.Calls(), asked)
}

// The shape in which RDS keeps its secrets needs one option.
func TestRDS(t *testing.T) {
	const stored = `{"username": "u", "password": "p", "engine": "postgres", "host": "h", "port": 5432, "dbname": "d", "dbInstanceIdentifier": "i"}`
	wire := awswire.New()
	wire.SetSecret("airflow/connections/rds", stored)
	conns, err := backendOn(t, wire, &secretsmanager.Options{
		ExtraConnWords: map[string][]string{"schema": {"dbname"}},
	}).GetConnections(t.Context(), "rds")
	require.NoError(t, err)
	want := secrets.Connection{ID: "rds", Type: "postgres", Login: "u", Password: secrets.NewSecret("p"), Host: "h", Port: 5432, Schema: "d"}
	assert.True(t, conns[0].Equal(want), "differs: %v", conns[0])

	conns, err = backendOn(t, wire, nil).GetConnections(t.Context(), "rds")
	require.NoError(t, err)
	assert.Empty(t, conns[0].Schema, "as Airflow: dbname is not known without the option")
}

// Errors about a secret's JSON name the field, not a place in a text that nobody has seen, and none of the text.
func TestMalformedConnections(t *testing.T) {
	b, wire := wireBackend(t, nil)
	for text, shows := range map[string]string{
		`{"user": "x", "port": "` + awstest.Planted + `"}`:    "port",
		`{"extra": ["` + awstest.Planted + `"]}`:              "extra",
		`{"password": "` + awstest.Planted + `"`:              "JSON",
		`{"password": "` + awstest.Planted + `", x}`:          "JSON",
		`{"password": "x"} ` + awstest.Planted:                "JSON",
		`{1: "` + awstest.Planted + `"}`:                      "JSON",
		`{"password": {"` + awstest.Planted + `": "object"}}`: "password",
	} {
		wire.SetSecret("airflow/connections/bad", text)
		_, err := b.GetConnections(t.Context(), "bad")
		awstest.RequireClass(t, err, secrets.ErrMalformed, shows, "airflow/connections/bad")
	}
}

func TestVariablesAreNeverRewritten(t *testing.T) {
	b, wire := wireBackend(t, nil)
	const stored = " {\"user\": \"x\"}\n"
	wire.SetSecret("airflow/variables/v", stored)
	wire.SetSecret("airflow/config/c", stored)
	v, err := b.GetVariable(t.Context(), "v")
	require.NoError(t, err)
	c, err := b.GetConfig(t.Context(), "c")
	require.NoError(t, err)
	assert.True(t, v == stored && c == stored)
}

func TestTeams(t *testing.T) {
	b, wire := wireBackend(t, &secretsmanager.Options{Team: "team-a"})
	wire.SetSecret("airflow/connections/team-a--db", "mysql://own")
	wire.SetSecret("airflow/connections/db", "mysql://global")
	wire.SetSecret("airflow/connections/other", "mysql://global")
	for id, host := range map[string]string{"db": "own", "other": "global"} {
		conns, err := b.GetConnections(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, host, conns[0].Host)
	}
	_, err := b.GetConnections(t.Context(), "team-b--db")
	require.ErrorIs(t, err, secrets.ErrDenied)
	assert.Len(t, wire.Calls(), 3)
}

// 45 names are three calls.
func TestBatches(t *testing.T) {
	b, wire := wireBackend(t, nil)
	var ids []string
	for i := range 45 {
		id := "name-" + strconv.Itoa(i)
		ids = append(ids, id)
		if i%9 != 0 {
			wire.SetSecret("airflow/variables/"+id, id)
		}
	}
	found, err := b.GetVariables(t.Context(), append(ids, "im possible"))
	require.NoError(t, err)
	require.Len(t, found, 40)
	require.Len(t, wire.Calls(), 3)
}

func TestListTurnsPages(t *testing.T) {
	b, wire := wireBackend(t, nil)
	var want []string
	for i := range 250 {
		id := "name-" + strconv.Itoa(i)
		want = append(want, id)
		wire.SetSecret("airflow/variables/"+id, "x")
	}
	wire.SetSecret("airflow/variables-of-others/x", "x")
	got, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	slices.Sort(got)
	slices.Sort(want)
	assert.Equal(t, want, got)
	require.Len(t, wire.Calls(), 3)
}

// A server that gives a page again would go on for ever.
func TestPagesThatDoNotEnd(t *testing.T) {
	pages := 0
	b := backendOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pages++
		_, _ = w.Write([]byte(`{"SecretList": [{"Name": "airflow/variables/a"}], "SecretValues": [], "NextToken": "again"}`))
	}), nil)
	_, err := b.List(t.Context(), secrets.KindVariable)
	awstest.RequireClass(t, err, secrets.ErrUnavailable, "a page of its list again")
	assert.Equal(t, 2, pages)
	_, err = b.GetVariables(t.Context(), []string{"a"})
	awstest.RequireClass(t, err, secrets.ErrUnavailable, "a page of its list again")
	assert.Equal(t, 4, pages)
}

func TestListWithOddPrefixes(t *testing.T) {
	b, wire := wireBackend(t, &secretsmanager.Options{Variables: backend.At(""), Connections: backend.At("not possible"), Config: backend.At("!odd")})
	wire.SetSecret("top", "x")
	wire.SetSecret("!odd/c", "x")
	for kind, want := range map[secrets.Kind][]string{
		secrets.KindVariable: {"top", "!odd/c"}, secrets.KindConnection: nil, secrets.KindConfig: {"c"},
	} {
		got, err := b.List(t.Context(), kind)
		require.NoError(t, err)
		assert.ElementsMatch(t, want, got, kind.String())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := secretsmanager.New(nil, nil)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = secretsmanager.New(&sdk.Client{}, &secretsmanager.Options{AWS: secretsmanager.AWS{Region: "eu-west-1"}})
	require.ErrorContains(t, err, "Open")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = secretsmanager.New(&sdk.Client{}, &secretsmanager.Options{Team: "a"})
	require.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = secretsmanager.Open(t.Context(), &secretsmanager.Options{ExtraConnWords: map[string][]string{"dbname": {"schema"}}})
	require.ErrorContains(t, err, "extra_conn_words")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	b, err := secretsmanager.Open(t.Context(), nil)
	require.NoError(t, err, "opening does no I/O")
	require.NoError(t, b.Close())
}

func TestFullURLModeIsIgnoredWithAWarning(t *testing.T) {
	var log bytes.Buffer
	no := false
	opts := &secretsmanager.Options{FullURLMode: &no, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	b, wire := wireBackend(t, opts)
	assert.Contains(t, log.String(), "full_url_mode")
	log.Reset()
	opened, err := backend.OpenLogged(t.Context(), "secretsmanager", json.RawMessage(`{"full_url_mode": false}`), opts.Logger)
	require.NoError(t, err)
	require.NoError(t, opened.(*secretsmanager.Backend).Close())
	assert.Contains(t, log.String(), "full_url_mode", "and so does the driver")
	wire.SetSecret("airflow/connections/db", "mysql://host")
	conns, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "host", conns[0].Host)
}

// Nothing is asked after Close, of a client of the caller's either, which stays as it is.
func TestClosedIsClosed(t *testing.T) {
	b, wire := wireBackend(t, nil)
	wire.SetSecret("airflow/variables/hello", "world")
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
	wire.SetSecret("prod-conns-db", `{"usuario": "us%2Fer", "host": "host"}`)
	kwargs := json.RawMessage(`{"connections_prefix": "prod-conns-", "variables_prefix": null, "sep": "-", "extra_conn_words": {"user": ["usuario"]},
		"are_secret_values_urlencoded": true, "region_name": "eu-west-1", "service_config": {"secretsmanager": {"endpoint_url": "` + server.URL + `"}},
		"aws_access_key_id": "` + awswire.AccessKeyID + `", "aws_secret_access_key": "` + awswire.SecretAccessKey + `"}`)
	for _, name := range append(backend.ClassPaths("secretsmanager"), "secretsmanager") {
		b, err := backend.Open(t.Context(), name, kwargs)
		require.NoError(t, err)
		conns, err := b.GetConnections(t.Context(), "db")
		require.NoError(t, err)
		assert.Equal(t, "us/er", conns[0].Login)
		_, err = b.GetVariable(t.Context(), "db")
		require.ErrorIs(t, err, secrets.ErrNotFound)
		backendtest.NoLeak(t, awswire.SecretAccessKey, b, err)
		require.NoError(t, b.(*secretsmanager.Backend).Close())
	}
	_, err := backend.Open(t.Context(), "secretsmanager", json.RawMessage(`{"extra_con_words": {}}`))
	require.ErrorContains(t, err, "extra_conn_words")
}
