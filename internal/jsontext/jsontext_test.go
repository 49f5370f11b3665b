package jsontext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// All of it is held against encoding/json.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a": 1, "b": [true, null, -0.5e+3], "c": {"d": "x\n\u00e9\ud83d\ude00\/"}}`, `{"a":1,}`, `{,}`, `[1 , 2]`, `{"a" 1}`, `{"a":01}`,
		`{"a":"` + "\x01" + `"}`, `{"a":"\x"}`, `{"a":"\ud800"}`, ` { "a" : [ ] } x`, `{"a":tru}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `"`, `{"a":"\`, `{"a":"\u12`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[")+strings.Count(text, "{") >= MaxDepth {
			return
		}
		s := Scanner{Text: text}
		s.Space()
		ok := s.Value(0) && s.End()
		assert.Equal(t, json.Valid([]byte(text)), ok)
		assert.Equal(t, !ok, s.Reason != "")
		if !ok {
			return
		}
		var compact bytes.Buffer
		assert.NoError(t, json.Compact(&compact, []byte(text)))
		assert.Equal(t, compact.String(), Compact(strings.Trim(text, " \t\r\n")))
	})
}

func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{"", "x", "a\"b\\c/\n\r\t\x00\x1f\x7f\u2028é😀", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		quoted := string(AppendQuoted(nil, text))
		back, ok := Unquote(quoted)
		assert.True(t, ok)
		assert.Equal(t, text, back)
		var theirs string
		assert.NoError(t, json.Unmarshal([]byte(quoted), &theirs))
		assert.Equal(t, text, theirs)
		escaped, err := json.Marshal(text)
		assert.NoError(t, err)
		back, ok = Unquote(string(escaped))
		assert.True(t, ok)
		assert.Equal(t, text, back)
	})
}

func TestUnquoteSurrogates(t *testing.T) {
	for quoted, want := range map[string]bool{`"\ud83d\ude00"`: true, `"\ud83d"`: false, `"\ude00"`: false, `"\ud83dx"`: false, `"\ud83d\n"`: false, `"\ud83d\u0041"`: false} {
		_, ok := Unquote(quoted)
		assert.Equal(t, want, ok, quoted)
	}
}

func TestMembersAndElements(t *testing.T) {
	s := Scanner{Text: ` { "a" : 1 , "b":[ 2,"x" ] } `}
	assert.True(t, s.Open())
	var got []string
	for first := true; ; first = false {
		key, value, more, ok := s.Member(first, 1)
		assert.True(t, ok)
		if !more {
			break
		}
		got = append(got, key, value)
	}
	assert.True(t, s.End())
	assert.Equal(t, []string{`"a"`, `1`, `"b"`, `[ 2,"x" ]`}, got)

	s = Scanner{Text: got[3], Pos: 1}
	got = nil
	for first := true; ; first = false {
		value, more, ok := s.Element(first, 1)
		assert.True(t, ok)
		if !more {
			break
		}
		got = append(got, value)
	}
	assert.Equal(t, []string{`2`, `"x"`}, got)
}

func TestDepth(t *testing.T) {
	for depth, want := range map[int]bool{MaxDepth: true, MaxDepth + 1: false} {
		s := Scanner{Text: strings.Repeat("[", depth) + strings.Repeat("]", depth)}
		assert.Equal(t, want, s.Value(0), depth)
	}
}

func TestIsObjectAndIsBlank(t *testing.T) {
	for text, want := range map[string]bool{`{}`: true, "\t{ \"a\":\r\n1 } ": true, ``: false, ` `: false, `[]`: false, `{} x`: false, `{`: false, `{"a":"` + "\xff" + `"}`: false} {
		assert.Equal(t, want, IsObject(text), text)
	}
	for text, want := range map[string]bool{"": true, " \t\r\n": true, "\v": false, "\u00a0": false, "{}": false} {
		assert.Equal(t, want, IsBlank(text), text)
	}
}

func TestKeyAt(t *testing.T) {
	s := Scanner{Text: `{"a":1, "b":2}`}
	assert.True(t, s.Open())
	for _, want := range []int{1, 8} {
		_, _, _, ok := s.Member(want == 1, 1)
		assert.True(t, ok)
		assert.Equal(t, want, s.KeyAt)
	}
}
