package gcpsm

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.RegisterLogged(backend.Driver{Name: "gcpsm", ClassPaths: backend.ClassPaths("gcpsm")}, backend.LoggedOpener(open))
}

// arguments are Airflow's backend_kwargs.
type arguments struct {
	Connections        backend.Prefix  `json:"connections_prefix"`
	Variables          backend.Prefix  `json:"variables_prefix"`
	Config             backend.Prefix  `json:"config_prefix"`
	ConnectionsPattern backend.Pattern `json:"connections_lookup_pattern"`
	VariablesPattern   backend.Pattern `json:"variables_lookup_pattern"`
	ConfigPattern      backend.Pattern `json:"config_lookup_pattern"`
	Separator          *string         `json:"sep"`
	Project            string          `json:"project_id"`
	Key                keyDict         `json:"gcp_keyfile_dict"`
	KeyFile            string          `json:"gcp_key_path"`
	Credentials        fileOrContent   `json:"gcp_credential_config_file"`
	Scopes             list            `json:"gcp_scopes"`
	Impersonate        list            `json:"impersonation_chain"`
}

// KwargHints knows what the arguments are called elsewhere in Airflow.
func (*arguments) KwargHints() map[string]string {
	return map[string]string{
		"key_path":               "it is gcp_key_path here",
		"keyfile_dict":           "it is gcp_keyfile_dict here",
		"credential_config_file": "it is gcp_credential_config_file here",
		"scopes":                 "it is gcp_scopes here",
		"scope":                  "it is gcp_scopes here",
		"gcp_project_id":         "it is project_id here",
		"delegate_to":            "Airflow's backend has no such argument; impersonation_chain acts as another account",
	}
}

func open(ctx context.Context, a *arguments, logger *slog.Logger) (*Backend, error) {
	return Open(ctx, &Options{
		Connections:        a.Connections,
		Variables:          a.Variables,
		Config:             a.Config,
		ConnectionsPattern: a.ConnectionsPattern,
		VariablesPattern:   a.VariablesPattern,
		ConfigPattern:      a.ConfigPattern,
		Separator:          a.Separator,
		Project:            a.Project,
		Key:                a.Key.text,
		KeyFile:            a.KeyFile,
		CredentialsFile:    a.Credentials.path,
		CredentialsConfig:  a.Credentials.text,
		Scopes:             a.Scopes,
		Impersonate:        a.Impersonate,
		Logger:             logger,
	})
}

// keyDict is an object, or its JSON as a string; null and {} are none.
type keyDict struct{ text secrets.Secret }

func (k *keyDict) UnmarshalJSON(data []byte) error {
	text, object := objectText(data)
	if !object && text != "" {
		return backend.ArgumentError("must be the JSON object of a service account's key")
	}
	k.text = secrets.NewSecret(text)
	return nil
}

// fileOrContent is the path of a file, or its content as an object or as JSON in a string.
type fileOrContent struct {
	path string
	text secrets.Secret
}

func (f *fileOrContent) UnmarshalJSON(data []byte) error {
	switch text, object := objectText(data); {
	case object:
		f.text = secrets.NewSecret(text)
	case text != "" && !strings.HasPrefix(string(data), `"`):
		return backend.ArgumentError("must be the path of a file, or its content as a JSON object")
	default:
		f.path = text
	}
	return nil
}

// objectText returns the JSON of an object that is given as such or in a string, and otherwise the string, or the JSON
// itself. An empty object and null are "".
func objectText(data []byte) (text string, object bool) {
	text = string(data)
	var inner string
	if json.Unmarshal(data, &inner) == nil { // null leaves inner blank
		text = strings.TrimSpace(inner)
	}
	var fields map[string]json.RawMessage
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &fields) != nil {
		return text, false
	}
	if len(fields) == 0 {
		return "", false
	}
	return text, true
}

// list is a JSON list of strings, or one string with commas between the items.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	*l = nil
	var text string
	if json.Unmarshal(data, &text) != nil {
		return l.items(data)
	}
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		return l.items([]byte(text))
	}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*l = append(*l, item)
		}
	}
	return nil
}

func (l *list) items(data []byte) error {
	if json.Unmarshal(data, (*[]string)(l)) != nil {
		return backend.ArgumentError("must be a string, with commas between items, or a list of strings")
	}
	return nil
}
