package vault

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
)

var (
	errNotVault  = fmt.Errorf("%w: the answer is not Vault's: is the address that of a Vault or OpenBao server?", secrets.ErrMalformed)
	errNotFields = fmt.Errorf("%w: the secret is not an object of keys and values", secrets.ErrMalformed)
	errNoValue   = fmt.Errorf("%w: the secret is there, but has no key value", secrets.ErrNotFound)
	errConnURI   = fmt.Errorf("%w: the key conn_uri is not a text", secrets.ErrMalformed)
)

// fields takes the secret's data out of an answer: an object of keys and values, as the JSON it is in the answer.
func fields(answer []byte, kvVersion int) (string, error) {
	if kvVersion == 2 {
		var whole struct {
			Data struct {
				Data json.RawMessage `json:"data"`
			} `json:"data"`
		}
		if json.Unmarshal(answer, &whole) == nil && whole.Data.Data != nil && !isNull(whole.Data.Data) {
			return string(whole.Data.Data), nil
		}
	}
	// No secret, then, or one of version 1: look closer.
	var v1 struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(answer, &v1) != nil || v1.Data == nil {
		return "", errNotVault
	}
	data := v1.Data
	if kvVersion == 2 && !isNull(data) {
		var v2 struct {
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(data, &v2) != nil || v2.Data == nil {
			return "", fmt.Errorf("%w: the answer is not that of a key/value engine of version 2", secrets.ErrMalformed)
		}
		data = v2.Data
	}
	if isNull(data) {
		return "", secrets.ErrNotFound
	}
	return string(data), nil
}

func isNull(data json.RawMessage) bool { return string(data) == "null" }

// connections reads a secret as a connection: its conn_uri, or its keys.
func connections(id, text string) ([]secrets.Connection, error) {
	var secret map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &secret) != nil {
		return nil, errNotFields
	}
	stored, ok := secret["conn_uri"]
	if !ok {
		return secrets.ConnectionsFromText(id, text)
	}
	var uri string
	if json.Unmarshal(stored, &uri) != nil { // null leaves it blank
		return nil, errConnURI
	}
	if uri != "" {
		return secrets.ConnectionsFromText(id, uri)
	}
	delete(secret, "conn_uri")
	if len(secret) == 0 { // a blank connection is none
		return nil, secrets.ErrNotFound
	}
	rest, err := json.Marshal(secret)
	if err != nil {
		return nil, errNotFields
	}
	return secrets.ConnectionsFromText(id, string(rest))
}

// value reads a secret as a variable or config value.
func value(_ secrets.Kind, _, text string) (string, error) {
	var secret map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &secret) != nil {
		return "", errNotFields
	}
	stored, ok := secret["value"]
	if !ok || isNull(stored) {
		return "", errNoValue
	}
	var s string
	if json.Unmarshal(stored, &s) == nil {
		return s, nil
	}
	return string(stored), nil
}

// data decodes the data of an answer that holds no secret.
func data[T any](answer []byte) (v T, err error) {
	var envelope struct {
		Data *T `json:"data"`
	}
	if json.Unmarshal(answer, &envelope) != nil || envelope.Data == nil {
		return v, errNotVault
	}
	return *envelope.Data, nil
}

var errTooLong = errors.New("gave an answer longer than any that Vault gives")
