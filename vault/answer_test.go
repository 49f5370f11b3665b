package vault

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

// Whatever a server answers: no panic, a class for every failure, and never a text that the answer did not hold.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `{"data":null}`, `{"data":{"data":null}}`, `{"data":{"data":{"value":"x"}}}`,
		`{"data":{"value":1.0}}`, `{"data":{"conn_uri":"a://b"}}`, `{"data":{"conn_uri":"","host":"h"}}`, `{"data":{"conn_uri":{}}}`,
		`{"data":{"data":[1]}}`, `{"data":{"data":{"value":{"a":[1,null]}}}}`, `{"data":{"DATA":{"value":"x"}}}`, "{\"data\":{\"value\":\"\xff\"}}",
		`{"data":{"value":"\ud800"}}`, `{"data":{"value":"a"},"data":{"value":"b"}}`,
	} {
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 2)
	}
	f.Fuzz(func(t *testing.T, answer []byte, version int) {
		classed := func(err error) {
			if err != nil {
				assert.True(t, isClassified(err), "a failure without a class")
			}
		}
		text, err := fields(answer, version)
		classed(err)
		if err != nil {
			return
		}
		conns, err := connections("id", text)
		classed(err)
		assert.Equal(t, err == nil, len(conns) == 1)
		v, err := value(secrets.KindVariable, "id", text)
		classed(err)
		if err == nil && utf8.ValidString(text) {
			assert.True(t, utf8.ValidString(v))
		}
	})
}
