package secrets

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// masked is what every printed form of a Secret shows, the empty one too: its length is nobody's business.
const masked = "***"

// Secret holds text that no formatter, encoder, logger or reflection dumper prints: every printed form is ***.
// It wraps a function, the one representation that stays closed even in an unexported field of a printed struct.
// The zero Secret holds the empty text. A Secret is immutable and safe for concurrent use; compare with [Secret.Equal].
//
// Secrets are not wiped from memory; see the package comment.
type Secret struct{ reveal func() string }

// NewSecret returns a Secret that holds text. NewSecret("") is the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the text. Every call of it is a place where a secret may leave the program: keep them few.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the text is empty. With it the omitzero option of encoding/json leaves empty secrets out.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Equal reports whether both hold the same text, in a time that depends on the lengths alone.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

// Format writes *** whatever the verb and flags.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// String returns ***.
func (s Secret) String() string { return masked }

// GoString returns ***.
func (s Secret) GoString() string { return masked }

// LogValue returns ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText returns ***. Encoding a Secret is never how to pass it on: call Reveal where that is meant.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON returns "***".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// UnmarshalText fills s with a copy of text, so that configuration structs can hold a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
