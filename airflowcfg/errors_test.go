package airflowcfg_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
)

// Every mistake is told with its place, and shows nothing of what may be a secret: setup.fails looks for planted.
func TestMistakes(t *testing.T) {
	const fernetKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
	commands := airflowcfg.Options{AllowCommands: true}
	worker := airflowcfg.Options{Worker: true}
	for _, tt := range []struct {
		name, file string
		env        map[string]string
		options    airflowcfg.Options
		class      error    // nil: malformed
		want       string   // how the message begins, after "airflow configuration: "
		also       []string // what else it says
	}{
		{name: "no section", file: planted + " = 1\n", want: "airflow.cfg:1: malformed: the line stands before the first [section]"},
		{name: "byte order mark", file: "\ufeff[core]\nfernet_key = " + planted + "\n", want: "airflow.cfg:1: malformed: the line begins with a byte order mark: save the file without one, as Airflow needs it too"},
		{name: "no option", file: "[core]\n" + planted + "\n", want: "airflow.cfg:2: malformed: the line is no section, option or comment", also: []string{"must be indented"}},
		{name: "JSON that ends at the margin", file: "[secrets]\nbackend_kwargs = {\n  \"a\": 1\n}\n", want: "airflow.cfg:4: malformed: the line is no section"},
		{name: "section twice", file: "[core]\n[secrets]\n[core]\n", want: "airflow.cfg:3: malformed: the line opens the section of line 1 again"},
		{name: "option twice", file: "[core]\nfernet_key = " + planted + "\nfernet_key = " + planted + "\n", want: "airflow.cfg:3: malformed: the line sets the option of line 2 again"},
		{name: "section in other case", file: "[Secrets]\nbackend = x\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend?"},
		{name: "section in the singular", file: "[secret]\nbackend_kwargs = " + planted + "\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend_kwargs?"},
		{name: "section misspelt", file: "[secretz]\nbackend_kwargs = " + planted + "\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend_kwargs?"},
		{name: "section with a letter left out", file: "[core]\n[databse]\nsql_alchemy_conn_cmd = " + planted + "\n", want: "airflow.cfg:3: malformed: unknown option; did you mean [database] sql_alchemy_conn_cmd?"},
		{name: "option with letters swapped", file: "[secrets]\nbackend_kwrags = " + planted + "\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend_kwargs?"},
		{name: "option in other case", file: "[secrets]\nBackend = x\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend?"},
		{name: "command in other case", file: "[core]\nFernet_Key_CMD = " + planted + "\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [core] fernet_key_cmd?"},
		{name: "option misspelt", file: "[secrets]\nbackend_kwarg = {}\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backend_kwargs?"},
		{name: "order misspelt", file: "[secrets]\nbackend_order = custom\n", want: "airflow.cfg:2: malformed: unknown option; did you mean [secrets] backends_order?"},

		{name: "percent", file: "[database]\nsql_alchemy_conn = x://u:" + planted + "%40@h\n", want: "airflow.cfg:2: [database] sql_alchemy_conn: malformed: a % that stands for itself must be written %%"},
		{name: "missing reference", file: "[secrets]\nbackend = %(" + planted + ")s\n", want: "airflow.cfg:2: [secrets] backend: malformed: a %(name)s in the value names an option"},
		{name: "endless reference", file: "[secrets]\nbackend = %(backend)s\n", want: "airflow.cfg:2: [secrets] backend: malformed: the %(name)s references"},
		{name: "endless expansion", env: map[string]string{"AIRFLOW__SECRETS__BACKEND": "$A", "A": "$B", "B": "$A"}, want: "AIRFLOW__SECRETS__BACKEND: [secrets] backend: malformed: the variables in the value refer to each other"},
		{name: "no text", env: map[string]string{"AIRFLOW__CORE__FERNET_KEY": "\xff", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "x"}, want: "AIRFLOW__CORE__FERNET_KEY: [core] fernet_key: malformed: the value is not UTF-8 text"},

		{name: "unknown backend", file: "[secrets]\nbackend = my.own.Backend\n", class: secrets.ErrUnavailable,
			want: `airflow.cfg:2: [secrets] backend: unavailable: unknown backend "my.own.Backend": registered are env, fakestore, localfs, metastore`, also: []string{"backend.Register"}},
		{name: "backend with the next option indented", file: "[secrets]\nbackend = my.own.Backend\n  backend_kwargs = {\"token\": \"" + planted + "\"}\n",
			want: "airflow.cfg:2: [secrets] backend: malformed: the value is no class path and no driver's name"},
		{name: "backend and arguments mixed up", env: map[string]string{"AIRFLOW__SECRETS__BACKEND": `{"token": "` + planted + `"}`},
			want: "AIRFLOW__SECRETS__BACKEND: [secrets] backend: malformed: the value is no class path and no driver's name"},
		{name: "backend with a comment", file: "[secrets]\nbackend = fakestore # " + planted + "\n",
			want: "airflow.cfg:2: [secrets] backend: malformed: the value is no class path and no driver's name", also: []string{"comments", "lines of their own"}},
		{name: "order with the next option indented", file: "[secrets]\nbackends_order = custom\n  backend_kwargs={\"token\":\"" + planted + "\"}\n",
			want: "airflow.cfg:2: [secrets] backends_order: malformed: a name is no single word"},
		{name: "store that is not imported", file: "[secrets]\nbackend = airflow.contrib.secrets.hashicorp_vault.VaultBackend\n", class: secrets.ErrUnavailable,
			want: "airflow.cfg:2: [secrets] backend: unavailable:", also: []string{`add import _ "github.com/secretchain/secrets/vault"`}},
		{name: "worker's unknown backend", file: "[workers]\nsecrets_backend = my.Own\n", options: worker, class: secrets.ErrUnavailable, want: "airflow.cfg:2: [workers] secrets_backend: unavailable: unknown backend"},

		{name: "kwargs are no JSON", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": " + planted + "}\n", want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: ", also: []string{"not valid JSON near byte"}},
		{name: "kwargs are no object", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = \"" + planted + "\"\n", want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: ", also: []string{"must be one JSON object"}},
		{name: "argument twice", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": \"a\", \"url\": \"b\"}\n", want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: ", also: []string{`"url" is given twice`}},
		{name: "unknown argument", env: map[string]string{"AIRFLOW__SECRETS__BACKEND": "fakestore", "AIRFLOW__SECRETS__BACKEND_KWARGS": `{"urll": "` + planted + `"}`},
			want: "AIRFLOW__SECRETS__BACKEND_KWARGS: [secrets] backend_kwargs: malformed: ", also: []string{`unknown argument "urll": did you mean "url"?`, "known: config, full_url_mode"}},
		{name: "two unknown arguments", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"urll\": \"" + planted + "\", \"tokem\": \"" + planted + "\"}\n",
			want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: ", also: []string{`unknown argument "urll"`, `; unknown argument "tokem"`}},
		{name: "removed argument", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"old_url\": \"" + planted + "\"}\n", want: "airflow.cfg:3: ", also: []string{"it is now url"}},
		{name: "argument of another type", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"retries\": \"" + planted + "\"}\n", want: "airflow.cfg:3: ", also: []string{`argument "retries" must be a whole number`}},
		{name: "argument of another type in its own variable", env: map[string]string{"AIRFLOW__SECRETS__BACKEND": "fakestore", "AIRFLOW__SECRETS__BACKEND_KWARG__RETRIES": planted},
			want: "[secrets] backend_kwargs: malformed: ", also: []string{`argument "retries" must be a whole number`, "AIRFLOW__SECRETS__BACKEND_KWARG__RETRIES"}},
		{name: "kwargs are no JSON beside a variable", file: "[secrets]\nbackend = fakestore\nbackend_kwargs = " + planted + "\n", env: map[string]string{"AIRFLOW__SECRETS__BACKEND_KWARG__URL": "x"},
			want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: arguments must be one JSON object"},
		{name: "kwargs from the backend itself", file: "[secrets]\nbackend = fakestore\nbackend_kwargs_secret = " + planted + "\n", want: "airflow.cfg:3: [secrets] backend_kwargs: malformed: arguments of the custom backend cannot be read from that backend"},
		{name: "worker's kwargs from the backend itself", env: map[string]string{"AIRFLOW__WORKERS__SECRETS_BACKEND": "fakestore", "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET": planted}, options: worker,
			want: "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET: [workers] secrets_backend_kwargs: malformed: arguments of the custom"},

		{name: "unknown name in the order", file: "[secrets]\nbackends_order = custom,enviroment_variable\n", want: `airflow.cfg:2: [secrets] backends_order: malformed: unknown backend "enviroment_variable"; write some of custom, environment_variable, metastore`},
		{name: "blank name in the order", file: "[secrets]\nbackends_order = custom,\n", want: "airflow.cfg:2: [secrets] backends_order: malformed: a name is blank"},
		{name: "blank order", env: map[string]string{"AIRFLOW__SECRETS__BACKENDS_ORDER": ""}, want: "AIRFLOW__SECRETS__BACKENDS_ORDER: [secrets] backends_order: malformed: a name is blank"},
		{name: "name twice in the order", file: "[secrets]\nbackends_order = metastore,metastore\n", want: `airflow.cfg:2: [secrets] backends_order: malformed: "metastore" is there twice`},
		{name: "worker's name in the order", file: "[secrets]\nbackends_order = execution_api\n", want: `airflow.cfg:2: [secrets] backends_order: malformed: "execution_api" belongs into [workers] backends_order`},
		{name: "server's name in the worker's order", file: "[workers]\nbackends_order = metastore\n", options: worker, want: `airflow.cfg:2: [workers] backends_order: malformed: "metastore" belongs into [secrets] backends_order`},
		{name: "long name in the order", file: "[secrets]\nbackends_order = " + planted + strings.Repeat("x", 64) + "\n", want: "airflow.cfg:2: [secrets] backends_order: malformed: a name has more than 64 bytes"},
		{name: "order of what is not there", file: "[secrets]\nbackends_order = custom,metastore\n", want: "airflow.cfg:2: [secrets] backends_order: malformed: none of the backends it names is configured"},

		{name: "cache", file: "[secrets]\nuse_cache = yes\n", want: "airflow.cfg:2: [secrets] use_cache: malformed: write True or False"},
		{name: "cache time", file: "[secrets]\ncache_ttl_seconds = 15m\n", want: "airflow.cfg:2: [secrets] cache_ttl_seconds: malformed: write a whole number of seconds"},
		{name: "negative cache time", env: map[string]string{"AIRFLOW__SECRETS__CACHE_TTL_SECONDS": "-1"}, want: "AIRFLOW__SECRETS__CACHE_TTL_SECONDS: [secrets] cache_ttl_seconds: malformed:"},
		{name: "teams", file: "[core]\nmulti_team = on\n", want: "airflow.cfg:2: [core] multi_team: malformed: write True or False"},

		{name: "command without leave", file: "[database]\nsql_alchemy_conn_cmd = cat " + planted + "\n", class: secrets.ErrDenied, want: "airflow.cfg:2: [database] sql_alchemy_conn: access denied: this option runs a program, which Options.AllowCommands does not allow"},
		{name: "command of a variable without leave", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "x", "AIRFLOW__CORE__FERNET_KEY_CMD": planted}, class: secrets.ErrDenied,
			want: "AIRFLOW__CORE__FERNET_KEY_CMD: [core] fernet_key: access denied: this option runs a program"},
		{name: "command that fails", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command("run-fail", planted)}, options: commands, class: secrets.ErrUnavailable,
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: [database] sql_alchemy_conn: unavailable: the command failed (exit status 3)"},
		{name: "command that is not there", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": planted}, options: commands, class: secrets.ErrUnavailable,
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: [database] sql_alchemy_conn: unavailable: the command's program is not on the PATH"},
		{name: "command that cannot be run", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "/" + planted}, options: commands, class: secrets.ErrUnavailable,
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: [database] sql_alchemy_conn: unavailable: the command's program cannot be run"},
		{name: "command that never ends to print", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command("run-flood")}, options: commands,
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: [database] sql_alchemy_conn: malformed: the command prints more than 1 MiB"},
		{name: "command with an open quote", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "'" + planted}, options: commands,
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: [database] sql_alchemy_conn: malformed: the command has a quote that is not closed"},
		{name: "blank command", file: "[database]\nsql_alchemy_conn_cmd =\n", options: commands, want: "airflow.cfg:2: [database] sql_alchemy_conn: malformed: the command is blank"},

		{name: "URL in place of its name", env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "postgresql://u:" + planted + "@h/d"},
			want: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET: [database] sql_alchemy_conn: malformed: this looks like the value itself"},
		{name: "key in place of its name", file: "[secrets]\nbackend = fakestore\n[database]\nsql_alchemy_conn = x\n[core]\nfernet_key_secret = " + fernetKey + "\n",
			want: "airflow.cfg:6: [core] fernet_key: malformed: this looks like the value itself"},
		{name: "metastore asked how to reach it", file: "[secrets]\nbackend = airflow.secrets.metastore.MetastoreBackend\n[database]\nsql_alchemy_conn_secret = " + planted + "\n",
			want: "airflow.cfg:4: [database] sql_alchemy_conn: malformed: the custom backend is the metastore itself"},
		{name: "metastore as custom backend without a database", file: "[secrets]\nbackend = metastore\n", want: "airflow.cfg:2: [secrets] backend: malformed: the custom backend is the metastore, and [database] sql_alchemy_conn is not set"},
		{name: "metastore's own refusal", file: "[core]\nfernet_key = " + planted + "\n[database]\nsql_alchemy_conn = bad://" + planted + "\n", want: "airflow.cfg:4: [database] sql_alchemy_conn: malformed: open backend metastore: malformed: unknown dialect"},
		{name: "metastore's dialect that is not imported", file: "[database]\nsql_alchemy_conn = missing://" + planted + "\n", class: secrets.ErrUnavailable,
			want: "airflow.cfg:2: [database] sql_alchemy_conn: unavailable: open backend metastore: unavailable: the dialect is not imported"},
		{name: "metastore's refusal of the key", file: "[core]\nfernet_key = bad" + planted + "\nsql_alchemy_conn = x\n", want: "airflow.cfg:2: [core] fernet_key: malformed: open backend metastore: malformed: bad key"},
		{name: "metastore's refusal in the old section", file: "[core]\nsql_alchemy_conn = bad://" + planted + "\n", want: "airflow.cfg:2: [core] sql_alchemy_conn: malformed: open backend metastore: malformed: unknown dialect"},

		{name: "file's place", env: map[string]string{"AIRFLOW_CONFIG": "$A", "A": "$B", "B": "$A"}, want: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := setup{file: tt.file, env: tt.env, Options: tt.options}
			if tt.want == "" { // the Path that setup gives hides it
				opts := s.options(t)
				opts.Path = ""
				_, err := airflowcfg.Open(t.Context(), opts)
				require.EqualError(t, err, "airflow configuration: AIRFLOW_CONFIG: malformed: the variables in the value refer to each other without end")
				return
			}
			class := tt.class
			if class == nil {
				class = secrets.ErrMalformed
			}
			text := s.fails(t, class)
			rest, ok := strings.CutPrefix(text, "airflow configuration: ")
			require.True(t, ok, text)
			assert.True(t, strings.HasPrefix(rest, tt.want), "got  %s\nwant %s…", rest, tt.want)
			for _, also := range tt.also {
				assert.Contains(t, text, also)
			}
			assert.NotContains(t, text, fernetKey)
			assert.NotContains(t, text, "\n")
		})
	}
}

// Every mistake is told at once, where one does not hide the other.
// What a person has put aside, and what is Airflow's or a provider's, is no misspelt option of ours.
func TestOtherNamesAreLeftAlone(t *testing.T) {
	chain := setup{file: "[core]\nold_fernet_key = " + planted + "\nfernet_key_2 = " + planted + "\n[core2]\nfernet_key = " + planted +
		"\n[database]\nsql_alchemy_conn_async = " + planted + "\nsql_alchemy_connect_args = " + planted + "\n[secrets_old]\nbackend = " + planted +
		"\n[celery]\nbackend = x\n[team=core]\nfernet_key = " + planted + "\n"}.open(t)
	_, err := chain.GetVariable(t.Context(), "absent")
	require.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestSeveralMistakes(t *testing.T) {
	text := setup{file: "[secrets]\nuse_cache = perhaps\nbackends_order = nobody\n[core]\nmulti_team = perhaps\n"}.fails(t, secrets.ErrMalformed)
	for _, place := range []string{"airflow.cfg:2", "airflow.cfg:3", "airflow.cfg:5"} {
		assert.Contains(t, text, place)
	}
}

// A command that does not end is bounded by the context.
func TestCommandEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := setup{env: map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command("run-hang")}, Options: airflowcfg.Options{AllowCommands: true}}
	_, err := airflowcfg.Open(ctx, s.options(t))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, err.Error(), planted)
}
