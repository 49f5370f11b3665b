package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
	"github.com/secretchain/secrets/backend"
	_ "github.com/secretchain/secrets/backend/all"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/backend/resilience"
	"github.com/secretchain/secrets/envbackend"
	"github.com/secretchain/secrets/localfs"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/mysql"
	"github.com/secretchain/secrets/metastore/postgres"
	"github.com/secretchain/secrets/metastore/sqlite"
	"github.com/secretchain/secrets/redact"
)

// fernetKeys: nothing is secret about them here but what they are for.
const (
	keyA = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
	keyB = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="
)

// badTexts are connections that are none, each with the secret where it hurts.
var badTexts = []string{
	planted, "  ", "mysql://u:" + planted + "/x@h", "mysql://u:" + planted + "#x@h", "mysql://u:p@h:" + planted, "mysql://" + planted + ":" + planted + "@[h/",
	"a://b:" + planted + "@c://d", planted + "://h", "mysql://h/?__extra__=" + planted, "mysql://h/?__extra__=%5B%22" + planted + "%22%5D",
	`{"password": "` + planted + `"`, `{"` + planted + `": 1}`, `{"password": ["` + planted + `"]}`, `{"port": "` + planted + `"}`,
	`{"extra": "` + planted + `"}`, `{"extra": ["` + planted + `"]}`, `{"uri": "mysql://u:` + planted + `@h", "host": "x"}`, `{"conn_id": "` + planted + `"}`,
	`{"password": "` + planted + `"} ` + planted, `{"password": "` + planted + "\x01\"}", "\xff" + planted,
}

// names are the arguments whose values are names: paths, a project, a database's kind. Errors tell them.
var names = []string{"connections_file_path", "variables_file_path", "configs_file_path", "project_id", "dialect"}

// drivers opens a registered store with the secret in each of its arguments, in every JSON type, and uses what opens.
func drivers(t *testing.T, c *collector, name string, more map[string]string) {
	t.Helper()
	driver, ok := backend.Lookup(name)
	require.Truef(t, ok, "no driver %q", name)
	arguments := driver.Arguments(t.Context())
	require.NotEmpty(t, arguments)
	for _, argument := range append(arguments, "unknown") {
		if slices.Contains(names, argument) {
			continue
		}
		for _, value := range []string{`"` + planted + `"`, `["` + planted + `"]`, `{"name": "` + planted + `"}`, `"` + planted, "12345678901234567890"} {
			kwargs := `{"` + argument + `": ` + value
			for k, v := range more {
				if k != argument {
					kwargs += `, "` + k + `": ` + v
				}
			}
			b, err := backend.Open(t.Context(), name, json.RawMessage(kwargs+"}"))
			c.add(err)
			if err == nil {
				c.add(b)
				closed(t, b)
			}
		}
	}
}

// overHTTP uses a store with bad values in it, and behind every disaster.
func overHTTP(t *testing.T, c *collector, name string) {
	for _, text := range badTexts {
		use(t, c, httpStores[name](t, texts{text, planted}, nil))
	}
	for _, disaster := range []string{"an answer that is no JSON", "an answer of other types", "a refusal", "unavailable", "an internal error", "a page of a proxy"} {
		use(t, c, httpStores[name](t, texts{planted, planted}, disasters[disaster].front))
	}
}

func inFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// audited is every package that a program can import, with what is done to it.
var audited = map[string]func(t *testing.T, c *collector){
	"": func(t *testing.T, c *collector) {
		for _, text := range badTexts {
			for _, parse := range []func(string) (secrets.Connection, error){secrets.Parse, secrets.ParseURI, secrets.ParseTypedURI, secrets.ParseJSON} {
				conn, err := parse(text)
				c.add(conn, err)
			}
			_, err := secrets.ConnectionsFromText("db", text)
			c.add(err)
			use(t, c, secrets.Funcs{
				Connection: func(context.Context, string) (string, error) { return text, nil },
				Variable:   func(context.Context, string) (string, error) { panic(planted) },
			})
		}
		conn, err := secrets.Parse("mysql://u:" + planted + "@h/?token=" + planted)
		require.NoError(t, err)
		c.add(conn, &conn, []secrets.Connection{conn}, conn.URI(), conn.JSON(), conn.Password, struct{ c secrets.Connection }{conn},
			conn.DecodeExtra(&struct{ Token int }{}), conn.Validate())
		conn.Extra = secrets.NewSecret("{" + planted)
		_, err = conn.ExtraMap()
		c.add(err, conn.Validate(), conn.DecodeExtra(new(int)))
	},
	"backend": func(t *testing.T, c *collector) {
		for _, text := range badTexts {
			use(t, c, backend.NewTextStore(func(context.Context, string) (string, error) { return text, nil }, backend.Naming{}))
		}
		_, err := backend.NewPattern("(" + planted)
		c.add(err, backend.DecodeKwargs(json.RawMessage(planted), &struct{}{}), backend.DecodeKwargs(json.RawMessage(`{"a": "`+planted), &struct{}{}))
		_, err = backend.OverrideKwargs(json.RawMessage(planted), map[string]string{"a": planted})
		c.add(err)
	},
	"backend/backendtest": func(t *testing.T, c *collector) {
		for _, text := range badTexts {
			use(t, c, backendtest.NewFake(backendtest.Content{Connections: map[string][]string{"db": {text}}, Variables: map[string]string{"key": planted}}))
		}
	},
	"backend/resilience": func(t *testing.T, c *collector) {
		for _, class := range []error{nil, secrets.ErrUnavailable, secrets.ErrDenied} {
			fake := backendtest.NewFake(backendtest.Content{Connections: map[string][]string{"db": {"mysql://u:" + planted + "@h"}, "bad": {planted}},
				Variables: map[string]string{"key": planted}})
			fake.Fail(class)
			path := filepath.Join(t.TempDir(), "snapshot")
			snapshot, err := resilience.Snapshot(fake, resilience.SnapshotOptions{Path: path, FernetKeys: []secrets.Secret{secrets.NewSecret(keyA)}, Logger: c.logger()})
			require.NoError(t, err)
			same := func(_ secrets.Kind, id string) (string, bool) { return id, true }
			use(t, c, resilience.Fallback(resilience.Rename(resilience.Break(resilience.Limit(resilience.Retry(snapshot,
				&resilience.RetryOptions{Pause: time.Microsecond}), nil), nil), same, same),
				resilience.FallbackTexts{Connections: map[string]secrets.Secret{"absent": secrets.NewSecret(planted)}}), "bad")
			file, err := os.ReadFile(path)
			if err == nil {
				c.add(string(file))
			}
			_, err = resilience.Snapshot(fake, resilience.SnapshotOptions{Path: path, FernetKeys: []secrets.Secret{secrets.NewSecret(planted)}})
			c.add(err)
		}
	},
	"envbackend": func(t *testing.T, c *collector) {
		for _, text := range badTexts {
			b, err := envbackend.New(&envbackend.Options{Lookup: func(string) (string, bool) { return text, true }, Logger: c.logger()})
			require.NoError(t, err)
			use(t, c, b)
		}
		for _, content := range []string{"AIRFLOW_VAR_KEY=\"" + planted, planted + "\nAIRFLOW_VAR_KEY='" + planted, "AIRFLOW_CONN_DB=$" + planted} {
			b, err := envbackend.New(&envbackend.Options{File: inFile(t, ".env", content), Logger: c.logger()})
			c.add(err)
			if err == nil {
				use(t, c, b)
			}
		}
	},
	"localfs": func(t *testing.T, c *collector) {
		for name, contents := range map[string][]string{
			"c.json": {planted, `{"db": "` + planted + `"}`, `{"db": {"` + planted + `": 1}}`, `{"db": "` + planted, `{"db": 1` + planted + `}`, `{"db": ["mysql://h", "` + planted + `"]}`, `["` + planted + `"]`},
			"c.yaml": {"db: [" + planted, "db: {" + planted + ": 1}", "db: !" + planted + " x", "db: *" + planted, "db: " + planted, planted, "db:\n\t" + planted, "? " + planted + "\n: [" + planted},
			"c.env":  {planted, "db=" + planted, "=" + planted, "db=mysql://u:" + planted + "/x@h"},
			"c.txt":  {planted},
		} {
			for _, content := range contents {
				path := inFile(t, name, content)
				b, err := localfs.New(&localfs.Options{ConnectionsFile: path, VariablesFile: path, ConfigFile: path, Logger: c.logger()})
				c.add(err)
				if err == nil {
					use(t, c, b)
				}
			}
		}
		for _, text := range badTexts {
			folder := filepath.Dir(inFile(t, "db", text))
			b, err := localfs.New(&localfs.Options{ConnectionsDir: folder, VariablesDir: folder, Logger: c.logger()})
			require.NoError(t, err)
			use(t, c, b)
		}
		drivers(t, c, "localfs", nil)
	},
	"ssm": func(t *testing.T, c *collector) {
		overHTTP(t, c, "ssm")
		drivers(t, c, "ssm", map[string]string{"region_name": `"eu-west-1"`})
	},
	"secretsmanager": func(t *testing.T, c *collector) {
		overHTTP(t, c, "secretsmanager")
		drivers(t, c, "secretsmanager", map[string]string{"region_name": `"eu-west-1"`})
	},
	"vault": func(t *testing.T, c *collector) {
		overHTTP(t, c, "vault")
		for _, auth := range []string{"token", "approle", "userpass", "ldap", "github", "kubernetes", "jwt", "radius"} {
			drivers(t, c, "vault", map[string]string{"auth_type": `"` + auth + `"`})
			refusing := serve(t, disasters["a refusal"].front(nil))
			kwargs := `{"url": "` + refusing + `", "auth_type": "` + auth + `", "token": "` + planted + `", "username": "u", "password": "` + planted + `", "role_id": "r", "secret_id": "` + planted +
				`", "kubernetes_role": "r", "kubernetes_jwt_path": "` + inFile(t, "jwt", planted) + `", "jwt_role": "r", "jwt_token": "` + planted + `", "radius_host": "h", "radius_secret": "` + planted + `"}`
			b, err := backend.Open(t.Context(), "vault", json.RawMessage(kwargs))
			c.add(err)
			if err == nil {
				use(t, c, b)
			}
		}
	},
	"vault/awsiam": func(t *testing.T, c *collector) {
		drivers(t, c, "vault", map[string]string{"auth_type": `"aws_iam"`, "role_id": `"r"`})
		login(t, c, `"auth_type": "aws_iam", "role_id": "r", "region": "eu-west-1", "key_id": "AKIAEXAMPLE", "secret_id": "`+planted+`"`)
	},
	"vault/gcp": func(t *testing.T, c *collector) {
		drivers(t, c, "vault", map[string]string{"auth_type": `"gcp"`, "role_id": `"r"`, "gcp_scopes": `"s"`})
		login(t, c, `"auth_type": "gcp", "role_id": "r", "gcp_scopes": "s", "gcp_keyfile_dict": {"type": "service_account", "private_key": "`+planted+`", "client_email": "e"}`)
	},
	"vault/azure": func(t *testing.T, c *collector) {
		drivers(t, c, "vault", map[string]string{"auth_type": `"azure"`, "role_id": `"r"`, "azure_tenant_id": `"t"`, "azure_resource": `"r"`})
		login(t, c, `"auth_type": "azure", "role_id": "r", "azure_tenant_id": "not a tenant", "azure_resource": "r", "key_id": "k", "secret_id": "`+planted+`"`)
	},
	"gcpsm": func(t *testing.T, c *collector) {
		for _, text := range badTexts {
			use(t, c, google(t, texts{text, planted}, nil))
		}
		use(t, c, google(t, texts{}, errors.New(planted)))
		for _, key := range []string{planted, `{"type": "service_account", "private_key": "` + planted + `"}`, `{"type": "` + planted + `"}`} {
			quoted, err := json.Marshal(key)
			require.NoError(t, err)
			drivers(t, c, "gcpsm", map[string]string{"project_id": `"p"`, "gcp_key_path": `"` + inFile(t, "key.json", key) + `"`})
			b, err := backend.Open(t.Context(), "gcpsm", json.RawMessage(`{"project_id": "p", "gcp_keyfile_dict": `+string(quoted)+`}`))
			c.add(err)
			if err == nil {
				use(t, c, b)
			}
		}
	},
	"azurekv": func(t *testing.T, c *collector) {
		overHTTP(t, c, "azurekv")
		drivers(t, c, "azurekv", map[string]string{"vault_url": `"https://127.0.0.1:1/"`})
	},
	"metastore": func(t *testing.T, c *collector) {
		c.add(metastore.ParseFernetKeys(secrets.NewSecret(keyA + "," + planted)))
		drivers(t, c, "metastore", map[string]string{"dsn": `"file::memory:"`})
	},
	"metastore/sqlalchemy": func(t *testing.T, c *collector) {
		for _, url := range []string{planted, "postgresql://u:" + planted + "@h:bad/db", "mysql://u:" + planted + "@h/db?x=" + planted, "oracle://u:" + planted + "@h/db",
			"sqlite:////tmp/x.db?timeout=" + planted, "postgresql://u:" + planted + "/x@h/db?sslmode=" + planted} {
			quoted, err := json.Marshal(url)
			require.NoError(t, err)
			b, err := backend.Open(t.Context(), "metastore", json.RawMessage(`{"sql_alchemy_conn": `+string(quoted)+`}`))
			c.add(err)
			if err == nil {
				use(t, c, b)
			}
		}
	},
	"metastore/sqlite": func(t *testing.T, c *collector) {
		path := filepath.Join(t.TempDir(), "airflow.db")
		open := func(keys ...string) *metastore.Store {
			var all []secrets.Secret
			for _, key := range keys {
				all = append(all, secrets.NewSecret(key))
			}
			store, err := sqlite.Open(t.Context(), path, &metastore.Options{FernetKeys: all, Logger: c.logger()})
			require.NoError(t, err)
			return store
		}
		store := open(keyA)
		require.NoError(t, store.Migrate(t.Context()))
		conn, err := secrets.Parse("mysql://u:" + planted + "@h/?token=" + planted)
		require.NoError(t, err)
		conn.ID = "db"
		require.NoError(t, store.SetConnection(t.Context(), conn))
		require.NoError(t, store.SetVariable(t.Context(), "key", planted))
		use(t, c, store)
		for _, keys := range [][]string{nil, {keyB}, {keyB, keyA}} {
			store := open(keys...)
			_, err := store.RotateFernetKeys(t.Context())
			c.add(err)
			use(t, c, store)
		}
		_, err = sqlite.Open(t.Context(), path, &metastore.Options{FernetKeys: []secrets.Secret{secrets.NewSecret(planted)}})
		c.add(err)
	},
	"metastore/postgres": func(t *testing.T, c *collector) {
		for _, dsn := range []string{"postgres://u:" + planted + "@127.0.0.1:1/db", "host=127.0.0.1 port=1 password=" + planted, "postgres://u:" + planted + "@h:bad/", planted + "='", "postgres://u:p@127.0.0.1:1/db?sslmode=" + planted} {
			store, err := postgres.Open(t.Context(), dsn, nil)
			c.add(err)
			if err == nil {
				use(t, c, store)
			}
		}
	},
	"metastore/mysql": func(t *testing.T, c *collector) {
		for _, dsn := range []string{"u:" + planted + "@tcp(127.0.0.1:1)/db", "u:" + planted + "@tcp(127.0.0.1:1", planted, "u:" + planted + "@tcp(127.0.0.1:1)/db?tls=" + planted} {
			store, err := mysql.Open(t.Context(), dsn, nil)
			c.add(err)
			if err == nil {
				use(t, c, store)
			}
		}
	},
	"airflowcfg": func(t *testing.T, c *collector) {
		for _, file := range []string{
			"[secrets]\nbackend = airflow.secrets.local_filesystem.LocalFilesystemBackend\nbackend_kwargs = {\"connections_file_path\": \"" + planted,
			"[secrets]\nbackend = vault\nbackend_kwargs = {\"token\": \"" + planted + "\", \"unknown\": \"" + planted + "\"}",
			"[secrets]\nbackend = vault\nbackend_kwargs = {\"token\": \"" + planted + "\", \"url\": \"http://127.0.0.1:1\"}",
			"[core]\nfernet_key = " + planted + "\n[database]\nsql_alchemy_conn = sqlite:////tmp/none.db",
			"[database]\nsql_alchemy_conn = postgresql://u:" + planted + "@127.0.0.1:1/db?bad=" + planted,
			"[database]\nsql_alchemy_conn = postgresql://u:" + planted + "@127.0.0.1:1/db",
			"[core]\nfernet_key_secret = " + planted + "\n[database]\nsql_alchemy_conn_cmd = echo " + planted,
			"[database]\nsql_alchemy_conn_cmd = sh -c 'echo " + planted + "; exit 1'",
			"[database]\nsql_alchemy_conn = x%" + planted, planted, "[core\n" + planted, "[core]\nfernet_key: a\nfernet_key = " + planted,
		} {
			for _, commands := range []bool{false, true} {
				opts := &airflowcfg.Options{Path: inFile(t, "airflow.cfg", file), AllowCommands: commands, Chain: &secrets.Options{Logger: c.logger()},
					Environ: func(name string) (string, bool) {
						return planted, name == "AIRFLOW__SECRETS__BACKEND_KWARG__PASSWORD"
					}}
				described, err := airflowcfg.Describe(t.Context(), opts)
				c.add(err)
				if described != nil {
					c.add(described, described.String())
				}
				chain, err := airflowcfg.Open(t.Context(), opts)
				c.add(err)
				if err == nil {
					use(t, c, chain)
				}
			}
		}
	},
	"redact": func(t *testing.T, c *collector) {
		r := redact.New(&redact.Options{Logger: c.logger()})
		r.Add(secrets.NewSecret(planted))
		w := r.Writer(c)
		_, err := fmt.Fprintf(w, "a line with %s\n", planted)
		c.add(r, w, w.Close(), err, r.Handler(slog.DiscardHandler), r.Text(planted))
	},
}

// login uses a Vault whose login is refused by whoever it asks.
func login(t *testing.T, c *collector, kwargs string) {
	t.Helper()
	url := serve(t, disasters["a refusal"].front(nil))
	b, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"url": "`+url+`", `+kwargs+`}`))
	c.add(err)
	if err == nil {
		use(t, c, b)
	}
}

// unaudited is what needs no audit of its own, and why.
var unaudited = map[string]string{
	"backend/all": "registers the others",
	"internal":    "only reached through the packages above",
	"examples":    "programs: their output is what they are for",
}

// TestNothingLeaks plants a secret in every input of every package, and looks for it in every error, log line, event,
// statistic, and printed or encoded form that comes out. A package that is not in the list fails it.
func TestNothingLeaks(t *testing.T) {
	// No store may find credentials of the machine, nor a metadata server.
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "VAULT_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1")
	out, err := exec.Command("go", "list", "github.com/secretchain/secrets/...").Output()
	require.NoError(t, err)
	packages := strings.Fields(string(out))
	require.Greater(t, len(packages), 10)
	for _, path := range packages {
		name := strings.TrimPrefix(strings.TrimPrefix(path, "github.com/secretchain/secrets"), "/")
		t.Run("."+name, func(t *testing.T) {
			probe, ok := audited[name]
			if !ok {
				_, excused := unaudited[name]
				first, _, _ := strings.Cut(name, "/")
				_, group := unaudited[first]
				assert.Truef(t, excused || group || strings.Contains(name, "/internal/"), "package %q is not audited: add it", name)
				return
			}
			c := &collector{}
			probe(t, c)
			require.NotEmpty(t, c.printed)
			backendtest.NoLeak(t, planted, c.printed...)
			backendtest.NoLeak(t, planted, c.log.String())
		})
	}
}
