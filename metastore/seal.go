package metastore

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/fernet"
)

// RowError tells which field of which row cannot be used, and why. It wraps [secrets.ErrMalformed] and holds no value.
type RowError struct {
	Kind   secrets.Kind
	ID     string // conn_id or key
	Row    int64  // column id
	Field  string // "password", "extra", "val", …
	Reason string
}

// Error says row, field and reason; the name is for whoever wraps the error.
func (e *RowError) Error() string {
	return fmt.Sprintf("%v: row %d, field %s: %s", secrets.ErrMalformed, e.Row, e.Field, e.Reason)
}

// Unwrap returns secrets.ErrMalformed.
func (e *RowError) Unwrap() error { return secrets.ErrMalformed }

const notText = "not UTF-8 text"

// unseal returns the clear text of a column that may be encrypted; reason is blank unless it cannot be read.
func unseal(ring *fernet.Ring, stored text, encrypted flag) (clear, reason string) {
	switch {
	case stored.bad:
		return "", notText
	case encrypted.bad:
		return "", "the flag that tells whether it is encrypted is neither true nor false"
	case !encrypted.set:
		return stored.string, ""
	case ring == nil:
		return "", "it is encrypted, and no Fernet key is configured"
	}
	plain, err := ring.Decrypt(stored.string)
	switch {
	case err != nil:
		return "", sealReason(err)
	case !utf8.Valid(plain):
		return "", notText
	}
	return string(plain), ""
}

// sealReason puts an error of package fernet into words that say what to do.
func sealReason(err error) string {
	switch {
	case errors.Is(err, fernet.ErrNoKeyFits):
		return "no Fernet key fits: it was encrypted with a key that is not configured, or it is damaged"
	case errors.Is(err, fernet.ErrToken):
		return "it is flagged as encrypted and is no Fernet token"
	}
	return "it cannot be decrypted"
}

// seal returns what to store for a clear text, and the flag that goes with it. Without keys that is the text itself.
func (s *Store) seal(clear string) (stored string, encrypted bool) {
	if s.ring == nil {
		s.plainOnce.Do(func() {
			s.options.warn("no Fernet key is configured: values are stored unencrypted")
		})
		return clear, false
	}
	return s.ring.Encrypt([]byte(clear), s.options.now()), true
}
