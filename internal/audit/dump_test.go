package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/mysql"
	"github.com/secretchain/secrets/metastore/postgres"
	"github.com/secretchain/secrets/redact"
	"github.com/secretchain/secrets/vault"
)

// failure is a test that fails without failing: it keeps what an assertion would print.
type failure struct{ strings.Builder }

func (f *failure) Errorf(format string, args ...any) { fmt.Fprintf(f, format, args...) }

// TestDumpersShowNothing looks at what holds secrets in the ways that call no method of it: from an unexported field with
// a verb that does not fit, through a template, and in the difference that a failing assertion prints.
func TestDumpersShowNothing(t *testing.T) {
	const uri = "postgresql://me:" + planted + "@127.0.0.1:1/airflow"
	secret := secrets.NewSecret(planted)

	redactor := redact.New(nil)
	redactor.Add(secret)
	logger := redactor.Handler(slog.DiscardHandler).WithAttrs([]slog.Attr{slog.String("password", planted)})
	writer := redactor.Writer(io.Discard)
	_, err := io.WriteString(writer, planted[:len(planted)-1])
	require.NoError(t, err)

	fake := backendtest.NewFake(backendtest.Content{
		Connections: map[string][]string{"c": {uri}}, Variables: map[string]string{"v": planted}, Config: map[string]string{"k": planted},
	})
	snapshot, err := resilience.Snapshot(fake, resilience.SnapshotOptions{
		Path: filepath.Join(t.TempDir(), "snapshot"), FernetKeys: []secrets.Secret{secrets.NewSecret(keyA)},
		Delay: time.Hour, // nothing is written in the background while a dumper reads without a lock
	})
	require.NoError(t, err)
	defer snapshot.(io.Closer).Close()
	_, err = snapshot.GetConnections(t.Context(), "c")
	require.NoError(t, err)
	_, err = snapshot.GetVariable(t.Context(), "v")
	require.NoError(t, err)

	pg, err := postgres.Open(t.Context(), uri, nil)
	require.NoError(t, err)
	defer pg.Close()
	my, err := mysql.Open(t.Context(), "me:"+planted+"@tcp(127.0.0.1:1)/airflow", &metastore.Options{})
	require.NoError(t, err)
	defer my.Close()

	var login vault.LoginArguments
	require.NoError(t, json.Unmarshal([]byte(`{"token": "`+planted+`", "gcp_keyfile_dict": {"private_key": "`+planted+`"},
		"assume_role_kwargs": {"ExternalId": "`+planted+`"}}`), &login))

	for name, value := range map[string]any{
		"redactor": redactor, "handler": logger, "writer": writer, "fake": fake, "snapshot": snapshot,
		"postgres": pg, "mysql": my, "login arguments": login,
	} {
		var templated strings.Builder
		require.NoError(t, template.Must(template.New("").Parse("{{.}}")).Execute(&templated, value), name)
		var asserted failure
		assert.Equal(&asserted, []any{value}, []any{nil})
		require.NotEmpty(t, asserted.String())
		encoded, _ := json.Marshal(value)
		for form, text := range map[string]string{
			"a field": fmt.Sprintf("%d %s", struct{ v any }{value}, struct{ v any }{value}), "a template": templated.String(),
			"an assertion": asserted.String(), "JSON": string(encoded),
		} {
			assert.False(t, strings.Contains(text, planted[:len(planted)-1]), "%s shows the secret in %s", name, form)
		}
	}
}
