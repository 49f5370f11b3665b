package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTo(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"secretz", "secrets"}, {"scrts", ""}, {"secrts", "secrets"}, {"core", "core"}, {"cort", "core"}, {"cost", ""}, {"", ""},
		{"a word that nobody has ever meant to be another one, since it has more than sixty-four bytes", ""},
	} {
		assert.Equal(t, c.want, To(c.word, "core", "secrets"), c.word)
	}
	assert.Empty(t, To("word"))
}
