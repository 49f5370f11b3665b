package localfs

import (
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/jsontext"
)

// connectionOf makes a connection of a text in URI or JSON form or, where json is set, of JSON that is an object or a
// text. A blank text is none.
func connectionOf(id, text string, json bool) (c secrets.Connection, found bool, reason string) {
	if json {
		switch text[0] {
		case '{':
			return connectionOfObject(id, text)
		case '"':
			var ok bool
			if text, ok = jsontext.Unquote(text); !ok {
				return c, false, halfSurrogate
			}
		default:
			return c, false, "a connection is a text, an object, or a list of these"
		}
	}
	if text == "" {
		return c, false, ""
	}
	c, err := secrets.Parse(text)
	return checked(id, c, err)
}

const halfSurrogate = "half of a surrogate pair, which no text holds"

func checked(id string, c secrets.Connection, err error) (secrets.Connection, bool, string) {
	switch {
	case err != nil:
		return secrets.Connection{}, false, strings.TrimPrefix(err.Error(), "malformed ")
	case c.ID != "" && c.ID != id:
		return secrets.Connection{}, false, "conn_id differs from the name it is stored under"
	}
	c.ID = id
	return c, true, ""
}

// connectionOfObject reads the object form, in which, here alone, extra may be called extra_dejson
// (specification, backends §2.2).
func connectionOfObject(id, text string) (c secrets.Connection, found bool, reason string) {
	var rest strings.Builder
	var extra string
	uri, both, noID := false, false, false
	if strings.Contains(text, "extra_dejson") || strings.Contains(text, "conn_id") {
		rest.WriteByte('{')
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
			if rest.Len() > 1 {
				rest.WriteByte(',')
			}
			rest.WriteString(key + ":" + value)
		}
		rest.WriteByte('}')
	}
	switch {
	case noID:
		return c, false, "conn_id is not a text with the name it is stored under"
	case extra == "":
		parsed, err := secrets.ParseJSON(text)
		return checked(id, parsed, err)
	case both:
		return c, false, "extra beside extra_dejson: give one of them"
	case uri:
		return c, false, "uri beside extra_dejson: give either uri or the fields it stands for"
	case extra[0] != '{':
		return c, false, "extra_dejson is not an object"
	}
	parsed, err := secrets.ParseJSON(rest.String())
	parsed.Extra = secrets.NewSecret(extra)
	return checked(id, parsed, err)
}
