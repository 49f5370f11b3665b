package fernet_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/secretchain/secrets/internal/fernet"
)

// BenchmarkDecrypt compares Decrypt with its floor: what the standard library takes for the HMACs and the CBC pass of
// the same token with everything prepared once. The floor of a token of the third key signs three times, as any
// reader must. The base64 decoding that comes first is measured apart: a token is text.
func BenchmarkDecrypt(b *testing.B) {
	keys := []string{key1, key2, key3}
	for _, n := range []int{1, 3} {
		for _, size := range []int{16, 1 << 10, 64 << 10} {
			r, err := fernet.New(keys[:n]...)
			if err != nil {
				b.Fatal(err)
			}
			last, err := fernet.New(keys[n-1])
			if err != nil {
				b.Fatal(err)
			}
			token := last.Encrypt([]byte(strings.Repeat("x", size)), date)
			b.Run(fmt.Sprintf("keys=%d/size=%d/ours", n, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Decrypt(token); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("keys=%d/size=%d/floor", n, size), func(b *testing.B) { floor(b, keys[:n], token, false) })
			b.Run(fmt.Sprintf("keys=%d/size=%d/floor+base64", n, size), func(b *testing.B) { floor(b, keys[:n], token, true) })
		}
	}
}

func floor(b *testing.B, keys []string, token string, decoding bool) {
	hashes := make([]interface {
		Reset()
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}, len(keys))
	var block cipher.Block
	for i, key := range keys {
		raw, err := base64.URLEncoding.DecodeString(key)
		if err != nil {
			b.Fatal(err)
		}
		hashes[i] = hmac.New(sha256.New, raw[:16])
		if block, err = aes.NewCipher(raw[16:]); err != nil {
			b.Fatal(err)
		}
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		b.Fatal(err)
	}
	sum := make([]byte, 0, sha256.Size)
	b.ReportAllocs()
	for b.Loop() {
		if decoding {
			if raw, err = base64.URLEncoding.DecodeString(token); err != nil {
				b.Fatal(err)
			}
		}
		signed := raw[:len(raw)-sha256.Size]
		for _, h := range hashes {
			h.Reset()
			_, _ = h.Write(signed)
			if got := h.Sum(sum); hmac.Equal(got, raw[len(signed):]) != (h == hashes[len(hashes)-1]) {
				b.Fatal("the wrong key fits")
			}
		}
		text := make([]byte, len(signed)-25)
		cipher.NewCBCDecrypter(block, signed[9:25]).CryptBlocks(text, signed[25:])
	}
}
