// Package fernet encrypts and decrypts Fernet tokens with one or several keys, as Airflow's metastore holds them.
//
// A token is the URL-safe base64 form of
//
//	0x80 | 8 bytes of Unix seconds | 16 bytes IV | AES-128-CBC ciphertext, PKCS#7 padded | 32 bytes HMAC-SHA256
//
// where the HMAC covers everything before it and is checked first, in constant time. A key is 32 bytes in URL-safe
// base64: the first 16 sign, the others encrypt. No age limit is applied.
//
// Keys and tokens are decoded as Python's decoder does it, so that whatever Airflow can read can be read here: see decode.
// What a token holds is bytes; whether they are text is the caller's to know. No error quotes a key, a token or its text.
package fernet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"
)

// Failures of a token. They are returned as they are; compare with [errors.Is].
var (
	// ErrToken: the text is not a Fernet token, or what was signed is damaged.
	ErrToken = errors.New("not a Fernet token")
	// ErrNoKeyFits: the text has the shape of a token, and none of the keys signed it.
	ErrNoKeyFits = errors.New("no Fernet key fits")
)

// KeyError tells which of the keys given to [New] cannot be used. It has no field that could hold the key.
type KeyError struct {
	Position, Of int  // Position counts from 1; Of 0: no key was given
	Joined       bool // it holds a comma, as between the keys of Airflow's setting
}

// Error says which key is wrong and what a key is.
func (e *KeyError) Error() string {
	if e.Of == 0 {
		return "no Fernet key given"
	}
	which := "Fernet key"
	if e.Of > 1 {
		which = fmt.Sprintf("Fernet key %d of %d", e.Position, e.Of)
	}
	if e.Joined {
		return which + " holds a comma: give keys one by one, not as the one text of Airflow's setting"
	}
	return which + " is not 32 bytes in URL-safe base64 (44 characters)"
}

const (
	version   = 0x80
	ivAt      = 1 + 8
	textAt    = ivAt + aes.BlockSize
	overhead  = textAt + sha256.Size
	keyLength = 32
)

// A Ring holds keys, newest first, prepared once. It is immutable and safe for concurrent use. It wraps a function, so
// that no printed form of a Ring, or of what holds one, shows a key.
type Ring struct{ keys func() []*key }

// key is one prepared key. Its hashes are pooled, because setting one up costs two blocks of SHA-256.
type key struct {
	block cipher.Block
	macs  sync.Pool // of *mac
}

type mac struct {
	hash.Hash
	sum [sha256.Size]byte
}

// New prepares keys, the newest first. It fails with a [*KeyError] if there is none, or one is not a key.
func New(keys ...string) (*Ring, error) {
	if len(keys) == 0 {
		return nil, &KeyError{}
	}
	prepared := make([]*key, len(keys))
	for i, text := range keys {
		if strings.Contains(text, ",") { // decode would drop what follows the first key
			return nil, &KeyError{Position: i + 1, Of: len(keys), Joined: true}
		}
		raw, ok := decode(text)
		if !ok || len(raw) != keyLength {
			return nil, &KeyError{Position: i + 1, Of: len(keys)}
		}
		block, err := aes.NewCipher(raw[keyLength/2:])
		if err != nil { // the length is right, so there is no other reason
			return nil, &KeyError{Position: i + 1, Of: len(keys)}
		}
		signing := raw[:keyLength/2]
		prepared[i] = &key{block: block, macs: sync.Pool{New: func() any {
			return &mac{Hash: hmac.New(sha256.New, signing)}
		}}}
	}
	return &Ring{keys: func() []*key { return prepared }}, nil
}

// Encrypt returns a token for plain, made with the first key and dated at, to the second.
func (r *Ring) Encrypt(plain []byte, at time.Time) string {
	return r.keys()[0].seal(plain, uint64(at.Unix()))
}

// Decrypt returns what the token holds, whichever key it was made with. The slice belongs to the caller.
func (r *Ring) Decrypt(token string) ([]byte, error) {
	plain, _, _, err := r.open(token)
	return plain, err
}

// Rotate returns the token made anew with the first key and with its original date. A token of the first key is
// returned as it is, with changed false, so that rotating twice is harmless.
func (r *Ring) Rotate(token string) (rotated string, changed bool, err error) {
	plain, seconds, position, err := r.open(token)
	if err != nil {
		return "", false, err
	}
	if position == 0 {
		return token, false, nil
	}
	return r.keys()[0].seal(plain, seconds), true, nil
}

// open decrypts a token, and tells its date and the position of the key that fits.
func (r *Ring) open(token string) (plain []byte, seconds uint64, position int, err error) {
	raw, ok := decode(token)
	if !ok || len(raw) <= overhead || raw[0] != version || (len(raw)-overhead)%aes.BlockSize != 0 {
		return nil, 0, 0, ErrToken
	}
	signed, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	for position, k := range r.keys() {
		if !k.signed(signed, sum) {
			continue
		}
		text := signed[textAt:]
		cipher.NewCBCDecrypter(k.block, signed[ivAt:textAt]).CryptBlocks(text, text)
		plain, ok := unpad(text)
		if !ok {
			return nil, 0, 0, ErrToken
		}
		return plain, binary.BigEndian.Uint64(raw[1:]), position, nil
	}
	return nil, 0, 0, ErrNoKeyFits
}

// signed reports whether sum is the key's HMAC of message.
func (k *key) signed(message, sum []byte) bool {
	m := k.macs.Get().(*mac)
	m.Reset()
	m.Write(message)
	fits := hmac.Equal(m.Sum(m.sum[:0]), sum)
	k.macs.Put(m)
	return fits
}

func (k *key) seal(plain []byte, seconds uint64) string {
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	raw := make([]byte, textAt+len(plain)+padding, overhead+len(plain)+padding)
	raw[0] = version
	binary.BigEndian.PutUint64(raw[1:], seconds)
	_, _ = rand.Read(raw[ivAt:textAt]) // never fails: see its documentation
	text := raw[textAt:]
	for i := copy(text, plain); i < len(text); i++ {
		text[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(k.block, raw[ivAt:textAt]).CryptBlocks(text, text)
	m := k.macs.Get().(*mac)
	m.Reset()
	m.Write(raw)
	raw = m.Sum(raw)
	k.macs.Put(m)
	return base64.URLEncoding.EncodeToString(raw)
}

// unpad takes PKCS#7 padding off. What it sees is signed, so it need not hide how far it came.
func unpad(text []byte) ([]byte, bool) {
	padding := int(text[len(text)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, false
	}
	for _, b := range text[len(text)-padding:] {
		if int(b) != padding {
			return nil, false
		}
	}
	return text[:len(text)-padding], true
}
