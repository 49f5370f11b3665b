package pytls

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVerify(t *testing.T) {
	for data, want := range map[string]Trust{
		`null`: {}, `""`: {},
		`true`: {Given: true}, `"True"`: {Given: true}, `"true"`: {Given: true},
		`false`: {Given: true, Off: true}, `"False"`: {Given: true, Off: true},
		`"/ca.pem"`: {Given: true, Path: "/ca.pem"}, `"null"`: {Given: true, Path: "null"},
	} {
		got, ok := Verify([]byte(data))
		assert.True(t, ok, data)
		assert.Equal(t, want, got, data)
	}
	for _, data := range []string{`1`, `[]`, `{}`, `["/ca.pem"]`} {
		_, ok := Verify([]byte(data))
		assert.False(t, ok, data)
	}
}

func TestCert(t *testing.T) {
	for data, want := range map[string]Certificate{
		`null`: {}, `""`: {}, `"/both.pem"`: {Path: "/both.pem"}, `["/c.pem", "/k.pem"]`: {"/c.pem", "/k.pem"},
	} {
		got, ok := Cert([]byte(data))
		assert.True(t, ok, data)
		assert.Equal(t, want, got, data)
	}
	for _, data := range []string{`1`, `true`, `[]`, `["/c.pem"]`, `["a", "b", "c"]`, `[1, 2]`, `{}`} {
		got, ok := Cert([]byte(data))
		assert.False(t, ok, data)
		assert.Zero(t, got, data)
	}
}
