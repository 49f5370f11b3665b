package localfs

import (
	"errors"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/jsontext"
)

// connections makes the connections that are under id.
func (v value) connections(id string) ([]secrets.Connection, error) {
	texts := append([]string{v.text}, v.more...)
	list := make([]secrets.Connection, len(texts))
	for i, text := range texts {
		c, err := secrets.Parse(text)
		if err != nil { // never: what is in a set has been checked
			return nil, failure(secrets.KindConnection, id, err)
		}
		c.ID = id
		list[i] = c
	}
	return list, nil
}

// connectionText returns the text, in URI or JSON form, of the connection that an entry is, blank for none. It says so if
// that is no connection, but makes none of it: that is for those who ask, as few of a large file's entries are ever asked for.
func connectionText(e entry) (text, reason string) {
	text = e.text
	if e.json {
		switch text[0] {
		case '{':
			if text, reason = plainObject(text); reason != "" {
				return "", reason
			}
		case '"':
			var ok bool
			if text, ok = jsontext.Unquote(text); !ok {
				return "", halfSurrogate
			}
		default:
			return "", "a connection is a text, an object, or a list of these"
		}
	}
	if text == "" {
		return "", ""
	}
	if bad, ok := errors.AsType[*secrets.SyntaxError](secrets.CheckText(e.key, text)); ok {
		return "", strings.TrimPrefix(bad.Error(), "malformed ")
	}
	return text, ""
}

const halfSurrogate = "half of a surrogate pair, which no text holds"

// plainObject turns the object form of files, in which extra_dejson may be the object that extra is the text of
// (specification, backends §2.2), into that of everywhere else.
func plainObject(text string) (plain, reason string) {
	if !strings.Contains(text, "extra_dejson") && !strings.Contains(text, "conn_id") {
		return text, ""
	}
	rest, extra := []byte("{"), ""
	uri, both, noID := false, false, false
	s := jsontext.Scanner{Text: text}
	s.Open()
	for first := true; ; first = false {
		key, value, more, _ := s.Member(first, 1)
		if !more {
			break
		}
		switch key {
		case `"extra_dejson"`:
			extra = value
			continue
		case `"extra"`:
			both = true
		case `"uri"`:
			uri = value != `""` && value != "null"
		case `"conn_id"`:
			noID = value[0] != '"' || value == `""`
		}
		rest = append(rest, key+":"+value+","...)
	}
	switch {
	case noID:
		return "", "conn_id is not a text with the name it is stored under"
	case extra == "":
		return text, ""
	case both:
		return "", "extra beside extra_dejson: give one of them"
	case uri:
		return "", "uri beside extra_dejson: give either uri or the fields it stands for"
	case extra[0] != '{':
		return "", "extra_dejson is not an object"
	}
	rest = jsontext.AppendQuoted(append(rest, `"extra":`...), extra)
	return string(append(rest, '}')), ""
}
