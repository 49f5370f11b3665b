package redact

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/secretchain/secrets"
)

// MaskConnection makes the password and the sensitive values of the extra of a connection masked from now on.
func (r *Redactor) MaskConnection(c secrets.Connection) {
	texts := forms(c.Password.Reveal())
	if extra, err := c.ExtraMap(); err == nil {
		texts = r.sensitive(texts, extra, false)
	}
	r.learn(texts...)
}

// MaskText makes a config value masked from now on, and a variable if its name is sensitive. A variable that holds JSON
// has the values under sensitive names in it masked too.
func (r *Redactor) MaskText(kind secrets.Kind, id string, text secrets.Secret) {
	value := text.Reveal()
	var texts []string
	if kind == secrets.KindConfig || r.isSensitive(id) {
		texts = append(forms(value), forms(strings.TrimSpace(value))...)
	}
	if trimmed := strings.TrimSpace(value); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		var decoded any
		d := json.NewDecoder(strings.NewReader(value))
		d.UseNumber()
		if d.Decode(&decoded) == nil {
			texts = r.sensitive(texts, decoded, false)
		}
	}
	r.learn(texts...)
}

// forms are a secret as it shows in raw text, in the path, the query and the login of a URL, by Python's rules and by
// Go's, and within a string of JSON or Go, in ASCII and not.
func forms(text string) []string {
	if text == "" {
		return nil
	}
	query := url.QueryEscape(text)
	path := strings.ReplaceAll(query, "+", "%20")
	login := strings.TrimPrefix(url.UserPassword("", text).String(), ":")
	all := []string{text, query, path, strings.ReplaceAll(path, "%2F", "/"), url.PathEscape(text), login, unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text))}
	for _, html := range []bool{true, false} {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if e.Encode(text) == nil {
			quoted := unquoted(strings.TrimSpace(b.String()))
			all = append(all, quoted, ascii(quoted))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ascii is a string of JSON as Python writes it, with two escapes for a character beyond the first 65,536.
func ascii(quoted string) string {
	var b strings.Builder
	for _, c := range quoted {
		if c < utf8.RuneSelf {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, c) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func unquoted(text string) string { return text[1 : len(text)-1] }

// sensitive appends every text in value that stands under a sensitive name, at any depth.
func (r *Redactor) sensitive(texts []string, value any, under bool) []string {
	switch v := value.(type) {
	case string:
		if under {
			texts = append(texts, forms(v)...)
		}
	case json.Number:
		if under {
			texts = append(texts, v.String())
		}
	case []any:
		for _, item := range v {
			texts = r.sensitive(texts, item, under)
		}
	case map[string]any:
		for name, item := range v {
			texts = r.sensitive(texts, item, under || r.isSensitive(name))
		}
	}
	return texts
}

// keyWords are those of Airflow, the newest list (specification, lookup §10).
var keyWords = []string{
	"access_key", "access_token", "api_key", "apikey", "auth_header", "authorization", "bearer", "connection_string", "dsn",
	"keyfile_dict", "passphrase", "passwd", "password", "private_key", "proxies", "proxy", "proxy_password", "secret",
	"service_account", "service_key", "token", "webhook_url",
}

func sensitiveWords(more []string) []string {
	words := slices.Clone(keyWords)
	for _, word := range more {
		if word = plain(word); strings.Trim(word, "_") != "" { // a lone _ is in too many names
			words = append(words, word)
		}
	}
	return words
}

// isSensitive reports whether a name holds a key word.
func (r *Redactor) isSensitive(name string) bool {
	name = plain(name)
	return slices.ContainsFunc(r.words, func(word string) bool { return strings.Contains(name, word) })
}

// plain is a name or a word as they are compared: lower-cased, and with every run of other characters as one _.
func plain(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(name)) {
		if c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			b.WriteRune(c)
		} else if s := b.String(); !strings.HasSuffix(s, "_") || s == "" {
			b.WriteByte('_')
		}
	}
	return b.String()
}

// oldest returns the n texts that were told longest ago.
func oldest(known map[string]time.Time, n int) []string {
	texts := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return known[a].Compare(known[b]) })
	return texts[:min(n, len(texts))]
}
