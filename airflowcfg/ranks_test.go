package airflowcfg_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
)

// A source is one of the ranks of specification, lookup §5.2.
type source struct {
	name string
	set  func(s *setup, file map[string][]string, o ranked, text string)
	// prints: the source gives a newline at the end.
	prints bool
}

var sources = []source{
	{name: "variable", set: func(s *setup, _ map[string][]string, o ranked, text string) { s.env[o.variable()] = text }},
	{name: "variable's command", prints: true, set: func(s *setup, _ map[string][]string, o ranked, text string) {
		s.env[o.variable()+"_CMD"] = command("run-print", text)
	}},
	{name: "variable's secret", set: func(s *setup, _ map[string][]string, o ranked, text string) {
		s.env[o.variable()+"_SECRET"] = "name-" + text
	}},
	{name: "file", set: func(_ *setup, file map[string][]string, o ranked, text string) {
		file[o.section] = append(file[o.section], o.key+" = "+text)
	}},
	{name: "file's command", prints: true, set: func(_ *setup, file map[string][]string, o ranked, text string) {
		file[o.section] = append(file[o.section], o.key+"_cmd = "+command("run-print", text))
	}},
	{name: "file's secret", set: func(_ *setup, file map[string][]string, o ranked, text string) {
		file[o.section] = append(file[o.section], o.key+"_secret = name-"+text)
	}},
	{name: "default"},
}

type ranked struct{ section, key string }

func (o ranked) variable() string {
	return "AIRFLOW__" + strings.ToUpper(o.section) + "__" + strings.ToUpper(o.key)
}

// Every subset of the seven sources gives the value of the highest one. The default is always there.
func TestHighestRankWins(t *testing.T) {
	for _, o := range []ranked{{"database", "sql_alchemy_conn"}, {"core", "sql_alchemy_conn"}, {"core", "fernet_key"}} {
		t.Run(o.section+" "+o.key, func(t *testing.T) {
			for subset := range 1 << (len(sources) - 1) {
				s := setup{env: map[string]string{}}
				s.AllowCommands = true
				file := map[string][]string{}
				want, config := "", ""
				for rank, source := range sources[:len(sources)-1] {
					if subset&(1<<rank) == 0 {
						continue
					}
					text := fmt.Sprintf("from-%d", rank)
					source.set(&s, file, o, text)
					config += fmt.Sprintf(`, "name-%s": "%s"`, text, text)
					if want == "" {
						want = text
					}
				}
				if o.key != "sql_alchemy_conn" {
					s.env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "there"
				}
				s.env["AIRFLOW__SECRETS__BACKEND"] = "test.FakeBackend"
				s.env["AIRFLOW__SECRETS__BACKEND_KWARGS"] = `{"config": {"x": ""` + config + `}}`
				for section, lines := range file {
					s.file += "[" + section + "]\n" + strings.Join(lines, "\n") + "\n"
				}

				chain := s.open(t)
				_, err := chain.GetVariable(t.Context(), "absent")
				require.ErrorIs(t, err, secrets.ErrNotFound, "subset %06b", subset)
				got := ""
				if last["metastore"] != nil {
					got = last["metastore"].kwargs[o.key]
				}
				require.Equal(t, want, got, "subset %06b of %v", subset, o)
				require.Equal(t, want == "" && o.key == "sql_alchemy_conn", last["metastore"] == nil, "subset %06b", subset)
				require.NoError(t, chain.Close())
			}
		})
	}
}

// backend_kwargs may not come from the backend that it configures; its other five ranks hold.
func TestHighestRankOfKwargs(t *testing.T) {
	o := ranked{"secrets", "backend_kwargs"}
	for subset := range 1 << (len(sources) - 1) {
		s := setup{env: map[string]string{"AIRFLOW__SECRETS__BACKEND": "fakestore"}}
		s.AllowCommands = true
		file := map[string][]string{}
		want := -1
		for rank, source := range sources[:len(sources)-1] {
			if subset&(1<<rank) == 0 {
				continue
			}
			text := fmt.Sprintf(`{"url": "from-%d"}`, rank)
			source.set(&s, file, o, text)
			if want < 0 {
				want = rank
			}
		}
		for section, lines := range file {
			s.file += "[" + section + "]\n" + strings.Join(lines, "\n") + "\n"
		}
		if want == 2 || want == 5 {
			assert.Contains(t, s.fails(t, secrets.ErrMalformed), "cannot be read from that backend", "subset %06b", subset)
			continue
		}
		s.open(t)
		got := ""
		if want >= 0 {
			got = fmt.Sprintf("from-%d", want)
		}
		require.Equal(t, got, last["fakestore"].args.URL, "subset %06b", subset)
	}
}

// Options that are not sensitive know the variable, the file and the default; their _cmd and _secret are not read.
func TestRanksOfPlainOptions(t *testing.T) {
	file := "[secrets]\nbackend = fakestore\nbackend_cmd = " + planted + "\nbackend_secret = x\n"
	assert.Equal(t, []string{"fakestore", "env"}, layersOf(t, setup{file: file}.open(t)))
	assert.Equal(t, []string{"env"}, layersOf(t, setup{file: file, env: map[string]string{"AIRFLOW__SECRETS__BACKEND": ""}}.open(t)),
		"a blank variable counts")
	assert.Equal(t, []string{"env"}, layersOf(t, setup{env: map[string]string{
		"AIRFLOW__SECRETS__BACKEND_CMD": planted, "AIRFLOW__SECRETS__BACKEND_SECRET": "x"}}.open(t)))
}

// sql_alchemy_conn was in [core] before Airflow 2.3. As in Airflow both places are asked source by source.
func TestRanksOfTheOldSection(t *testing.T) {
	both := "[core]\nsql_alchemy_conn = old\n[database]\nsql_alchemy_conn = new\n"
	for _, tt := range []struct {
		name, file, want string
		env              map[string]string
	}{
		{"new before old in the file", both, "new", nil},
		{"new before old in the environment", "", "new", map[string]string{
			"AIRFLOW__CORE__SQL_ALCHEMY_CONN": "old", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "new"}},
		{"old variable before new file", both, "env", map[string]string{"AIRFLOW__CORE__SQL_ALCHEMY_CONN": "env"}},
		{"old in the file before new command", "[core]\nsql_alchemy_conn = old\n[database]\nsql_alchemy_conn_cmd = " + command("run-print", "cmd"), "old", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setup{file: tt.file, env: tt.env, Options: airflowcfg.Options{AllowCommands: true}}.open(t)
			assert.Equal(t, tt.want, last["metastore"].kwargs["sql_alchemy_conn"])
		})
	}
}

// What prints nothing, or is not known to the backend, leaves the word to the next rank.
func TestRanksThatPass(t *testing.T) {
	fakestore := map[string]string{"AIRFLOW__SECRETS__BACKEND": "fakestore", "AIRFLOW__SECRETS__BACKEND_KWARGS": `{"config": {"blank": "", "there": "secret"}}`}
	for _, tt := range []struct {
		name, file string
		env        map[string]string
		want       string // "": no metastore
	}{
		{"blank output of a file's command", "[database]\nsql_alchemy_conn_cmd = " + command("run-nothing") + "\nsql_alchemy_conn_secret = there\n", nil, "secret"},
		{"blank output of a variable's command", "[database]\nsql_alchemy_conn = file\n",
			map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command("run-nothing")}, ""},
		{"unknown secret of a variable", "[database]\nsql_alchemy_conn = file\n",
			map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "absent"}, "file"},
		{"blank variable", "[database]\nsql_alchemy_conn = file\n", map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": ""}, ""},
		{"blank in the file", "[database]\nsql_alchemy_conn =\nsql_alchemy_conn_cmd = " + command("run-print", "cmd"), nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := setup{file: tt.file, env: map[string]string{}, Options: airflowcfg.Options{AllowCommands: true}}
			for _, env := range []map[string]string{fakestore, tt.env} {
				for name, value := range env {
					s.env[name] = value
				}
			}
			chain := s.open(t)
			_, err := chain.GetVariable(t.Context(), "absent")
			require.ErrorIs(t, err, secrets.ErrNotFound)
			got := ""
			if last["metastore"] != nil {
				got = last["metastore"].kwargs["sql_alchemy_conn"]
			}
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("no custom backend", func(t *testing.T) {
		s := setup{file: "[database]\nsql_alchemy_conn_secret = there\n"}
		assert.Equal(t, []string{"env"}, layersOf(t, s.open(t)), "nobody to ask")
	})
}
