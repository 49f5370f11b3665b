package envbackend

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestIsUTF8(t *testing.T) {
	for _, odd := range []string{"", "a", "é", "😀", "\x7f", "\x80", "\xff", "\xe9", "\xf0\x9f", "\xed\xa0\x80"} {
		for before := range 18 {
			for after := range 18 {
				text := strings.Repeat("a", before) + odd + strings.Repeat("b", after)
				assert.Equal(t, utf8.ValidString(text), isUTF8(text), "%q", text)
			}
		}
	}
}
