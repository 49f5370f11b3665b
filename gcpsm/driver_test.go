package gcpsm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/gcpsm"
)

// Every argument, under every class path that Airflow has used. Nothing is read: no file exists and no server listens.
func TestDriverTakesAirflowsArguments(t *testing.T) {
	for _, path := range append(backend.ClassPaths("gcpsm"), "gcpsm") {
		for _, login := range []string{
			`"gcp_key_path": "/none/key.json"`,
			`"gcp_credential_config_file": "/none/config.json"`,
			`"gcp_credential_config_file": ` + text(t, externalAccount(t, "https://sts.example.com")),
			`"gcp_credential_config_file": ` + text(t, text(t, externalAccount(t, "https://sts.example.com"))),
			`"gcp_keyfile_dict": ` + text(t, keyJSON(t)),
			`"gcp_keyfile_dict": ` + text(t, text(t, keyJSON(t))),
			`"gcp_keyfile_dict": {}, "gcp_key_path": "", "gcp_credential_config_file": null`,
		} {
			b, err := backend.Open(t.Context(), path, json.RawMessage(`{
				"connections_prefix": "conns", "variables_prefix": null, "config_prefix": "", "sep": "_", "project_id": "my-project",
				"connections_lookup_pattern": "^a", "variables_lookup_pattern": null, "config_lookup_pattern": "x",
				"gcp_scopes": "https://www.googleapis.com/auth/cloud-platform, other", "impersonation_chain": ["a@p.iam.gserviceaccount.com", "b@p.iam.gserviceaccount.com"],
				`+login+`}`))
			require.NoError(t, err)
			n := b.(secrets.Namer)
			name, ok := n.StoreName(secrets.KindConnection, "a1")
			assert.True(t, ok)
			assert.Equal(t, "projects/my-project/secrets/conns_a1/versions/latest", name)
			_, ok = n.StoreName(secrets.KindConnection, "b1")
			assert.False(t, ok)
			_, ok = n.StoreName(secrets.KindVariable, "a1")
			assert.False(t, ok)
			name, _ = n.StoreName(secrets.KindConfig, "x")
			assert.Equal(t, "projects/my-project/secrets/_x/versions/latest", name)
			require.NoError(t, b.(*gcpsm.Backend).Close())
		}
	}
}

func TestDriverRefuses(t *testing.T) {
	keyWithout := func(name string) string {
		k := keyJSON(t)
		delete(k, name)
		k["private_key_id"] = planted
		return text(t, k)
	}
	for name, c := range map[string]struct{ kwargs, says string }{
		"unknown argument":     {`{"conection_prefix": "` + planted + `"}`, `did you mean "connections_prefix"?`},
		"argument of the hook": {`{"keyfile_dict": "` + planted + `"}`, "gcp_keyfile_dict"},
		"two credentials":      {`{"gcp_key_path": "/` + planted + `", "gcp_keyfile_dict": ` + keyWithout("") + `}`, "exclude each other"},
		"two others":           {`{"gcp_key_path": "/k", "gcp_credential_config_file": "/c"}`, "exclude each other"},
		"key of another type":  {`{"gcp_keyfile_dict": {"type": "` + planted + `"}}`, "not of type service_account"},
		"key without a key":    {`{"gcp_keyfile_dict": ` + keyWithout("private_key") + `}`, "lacks client_email or private_key"},
		"key without account":  {`{"gcp_keyfile_dict": ` + keyWithout("client_email") + `}`, "lacks client_email or private_key"},
		"key that is text":     {`{"gcp_keyfile_dict": "` + planted + `"}`, "must be the JSON object"},
		"configuration type":   {`{"gcp_credential_config_file": {"type": "` + planted + `"}}`, "no type that is known"},
		"configuration number": {`{"gcp_credential_config_file": 12}`, "path of a file"},
		"scopes":               {`{"gcp_scopes": {"` + planted + `": 1}}`, "list of strings"},
		"chain":                {`{"impersonation_chain": ["a", 1]}`, "list of strings"},
		"blank in chain":       {`{"impersonation_chain": ["", "a"]}`, "blank account"},
		"prefix":               {`{"connections_prefix": "a/b"}`, "letters, digits, - and _"},
		"separator":            {`{"sep": "."}`, "letters, digits, - and _"},
		"project":              {`{"project_id": "projects/` + planted + `"}`, "project_id"},
		"pattern":              {`{"variables_lookup_pattern": "(` + planted + `"}`, "regular expression"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := backend.Open(t.Context(), "gcpsm", json.RawMessage(c.kwargs))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			require.Nil(t, b)
			assert.Contains(t, err.Error(), c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

// One variable per argument holds strings (specification, lookup §5.3).
func TestDriverTakesStrings(t *testing.T) {
	kwargs, err := backend.OverrideKwargs(nil, map[string]string{
		"gcp_keyfile_dict":    text(t, keyJSON(t)),
		"impersonation_chain": "a@p.iam.gserviceaccount.com, last@creds-project.iam.gserviceaccount.com",
		"gcp_scopes":          `["one", "two"]`,
	})
	require.NoError(t, err)
	b, err := backend.Open(t.Context(), "gcpsm", kwargs)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.(*gcpsm.Backend).Close() })
	name, ok := b.(secrets.Namer).StoreName(secrets.KindVariable, "x")
	assert.True(t, ok)
	assert.True(t, strings.HasPrefix(name, "projects/creds-project/"), "the last account's project")
}

// Whatever the arguments are, opening ends with a store or an error that shows none of them.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{`null`, `{}`, `[]`, `"a,b"`, `"[\"a\"]"`, `"{\"type\": \"service_account\"}"`, `{"type": "service_account", "client_email": "a", "private_key": "b"}`,
		`{"type": "external_account"}`, `"/path"`, `12`, `["a", "b"]`, `""`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"gcp_keyfile_dict", "gcp_credential_config_file", "gcp_scopes", "impersonation_chain", "sep"} {
			marked := strings.ReplaceAll(value, "a", planted)
			b, err := backend.Open(t.Context(), "gcpsm", json.RawMessage(`{"`+name+`": `+marked+`}`))
			if err == nil {
				backendtest.NoLeak(t, planted, b)
				_ = b.(*gcpsm.Backend).Close()
				continue
			}
			backendtest.NoLeak(t, planted, err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	s := newServer()
	c := client(t, address(t, s))
	for name, make := range map[string]func() error{
		"nil client":      func() error { _, err := gcpsm.New(nil, &gcpsm.Options{Project: "p"}); return err },
		"no project":      func() error { _, err := gcpsm.New(c, nil); return err },
		"team":            func() error { _, err := gcpsm.New(c, &gcpsm.Options{Project: "p", Team: "a_b"}); return err },
		"negative time":   func() error { _, err := gcpsm.New(c, &gcpsm.Options{Project: "p", Timeout: -1}); return err },
		"project as path": func() error { _, err := gcpsm.New(c, &gcpsm.Options{Project: "projects/p"}); return err },
	} {
		assert.ErrorIs(t, make(), secrets.ErrMalformed, name)
	}
	assert.Empty(t, s.Calls())
}
