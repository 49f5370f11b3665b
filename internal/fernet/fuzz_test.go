package fernet

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"
)

const fuzzKey = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="

// Blocks are decoded as single characters are, and both as encoding/base64 does what it accepts; and nobody reads more than is
// there.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "g", "gA==", fuzzKey, "'" + fuzzKey + "'\n", "AA=A=", "AAA==", "====", "A=A=A=A=", "é+/-_", "AAAA=BBBB", "AB=C=D",
		fuzzKey[:16] + "\n" + fuzzKey, fuzzKey[:31] + "=" + fuzzKey, fuzzKey[:20] + "+/" + fuzzKey} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lenient, ok := decodeLeniently(nil, text)
		if len(lenient) > base64.URLEncoding.DecodedLen(len(text)+3) {
			t.Fatal("more bytes than characters can hold")
		}
		blocks, blocksOK := decode(text)
		if blocksOK != ok || ok && !bytes.Equal(blocks, lenient) {
			t.Fatal("blocks are decoded otherwise than single characters")
		}
		want, err := base64.URLEncoding.DecodeString(text)
		if err == nil && (!ok || !bytes.Equal(lenient, want)) {
			t.Fatal("the lenient reader differs from encoding/base64 on what that accepts")
		}
	})
}

// Every text is read or refused with one of the two errors, and a token survives the white space around it.
func FuzzDecrypt(f *testing.F) {
	r, err := New(fuzzKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Encrypt([]byte("hello"), time.Unix(1700000000, 0)), "x")
	f.Add("hello", "")
	f.Add("", "\x00")
	f.Fuzz(func(t *testing.T, text, plain string) {
		if _, err := r.Decrypt(text); err != nil && err != ErrToken && err != ErrNoKeyFits {
			t.Fatal("an error of another kind")
		}
		back, err := r.Decrypt(" " + r.Encrypt([]byte(plain), time.Now()) + "\n")
		if err != nil || string(back) != plain {
			t.Fatal("a token was not read back")
		}
	})
}
