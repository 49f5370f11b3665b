// Package pytls reads the arguments by which Python's HTTP clients are told whom to trust and what to show of themselves.
package pytls

import (
	"encoding/json"
	"strings"
)

// Trust says which servers are trusted. Zero: nothing was said.
type Trust struct {
	Given bool
	Path  string // of certificate authorities; "": the system's
	Off   bool   // every server is trusted
}

// Verify reads the JSON of an argument verify: true, false, or a path. Null and "" say nothing; true and false may be
// texts, in any case. It fails for anything else.
func Verify(data []byte) (t Trust, ok bool) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	} else if on := strings.ToLower(text); on != "true" && on != "false" && text != "" {
		return Trust{Given: true, Path: text}, true
	}
	switch strings.ToLower(text) { // True and False: an environment variable written in Python's way
	case "", "null":
		return Trust{}, true
	case "true":
		return Trust{Given: true}, true
	case "false":
		return Trust{Given: true, Off: true}, true
	}
	return Trust{}, false
}

// Certificate holds the paths of a client certificate and of its key; Key "": both are in one file. Zero: none.
type Certificate struct{ Path, Key string }

// Cert reads the JSON of an argument cert: a path, or a list of two. Null and "" are none. It fails for anything else.
func Cert(data []byte) (c Certificate, ok bool) {
	if json.Unmarshal(data, &c.Path) == nil { // null too
		return c, true
	}
	var pair []string
	if json.Unmarshal(data, &pair) != nil || len(pair) != 2 {
		return Certificate{}, false
	}
	return Certificate{Path: pair[0], Key: pair[1]}, true
}
