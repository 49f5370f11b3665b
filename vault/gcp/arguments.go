package gcp

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/vault"
)

// fromArguments makes a login of Airflow's arguments.
func fromArguments(a *vault.LoginArguments) (api.AuthMethod, error) {
	l := Login{Mount: a.AuthMount, Role: a.RoleID, KeyFile: a.GCPKeyPath}
	var err error
	if l.Key, err = keyOf(json.RawMessage(a.GCPKeyDict.Reveal())); err != nil {
		return nil, err
	}
	if l.Scopes, err = scopesOf(a.GCPScopes); err != nil {
		return nil, err
	}
	return l, nil
}

// keyOf reads an object, or the text of one.
func keyOf(dict json.RawMessage) (secrets.Secret, error) {
	if isNull(dict) {
		return secrets.Secret{}, nil
	}
	text := string(dict)
	if dict[0] == '"' {
		if err := json.Unmarshal(dict, &text); err != nil {
			text = ""
		}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil || len(object) == 0 {
		return secrets.Secret{}, errors.New(`argument "gcp_keyfile_dict" must be the object in a service account's key file`)
	}
	return secrets.NewSecret(text), nil
}

// scopesOf reads a text with commas, or a list.
func scopesOf(scopes json.RawMessage) ([]string, error) {
	if isNull(scopes) {
		return nil, nil
	}
	var list []string
	if json.Unmarshal(scopes, &list) != nil {
		var text string
		if json.Unmarshal(scopes, &text) != nil {
			return nil, errors.New(`argument "gcp_scopes" must be a text with commas, or a list`)
		}
		list = strings.Split(text, ",")
	}
	var trimmed []string
	for _, scope := range list {
		if scope = strings.TrimSpace(scope); scope != "" {
			trimmed = append(trimmed, scope)
		}
	}
	return trimmed, nil
}

func isNull(data json.RawMessage) bool { return len(data) == 0 || string(data) == "null" }
