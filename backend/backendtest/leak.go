package backendtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

// NoLeak fails the test if secret, or its encoding for URLs or in base64, shows in any printed form of values: every
// verb of fmt, JSON, and log/slog in text and JSON; of an error also the text of each that it wraps, since callers unwrap
// and print what they find. It prints which form leaks, and not what.
func NoLeak(t testing.TB, secret string, values ...any) {
	t.Helper()
	marks := []string{secret, url.QueryEscape(secret), url.PathEscape(secret),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")}
	for i, value := range values {
		for form, text := range printedForms(value) {
			for _, mark := range marks {
				if strings.Contains(text, mark) {
					t.Errorf("value %d (%T) shows the secret when printed with %s", i+1, value, form)
					break
				}
			}
		}
	}
}

func printedForms(value any) map[string]string {
	forms := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		forms[verb] = fmt.Sprintf(verb, value)
	}
	if text, err := json.Marshal(value); err == nil {
		forms["encoding/json"] = string(text)
	}
	if err, ok := value.(error); ok {
		forms["Error"] = err.Error()
		forms["Unwrap"] = wrapped(err)
	}
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("printed", "value", value)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("printed", "value", value)
	forms["slog text"], forms["slog JSON"] = text.String(), js.String()
	return forms
}

// wrapped returns the texts of all errors that err wraps.
func wrapped(err error) string {
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	var all strings.Builder
	for _, e := range inner {
		if e != nil {
			all.WriteString(e.Error() + "\n" + wrapped(e))
		}
	}
	return all.String()
}
