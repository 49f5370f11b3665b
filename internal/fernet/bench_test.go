package fernet_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"math"
	"strings"
	"testing"
	"time"
)

// BenchmarkDecrypt compares Decrypt with its floor: what the standard library takes for the HMACs and the CBC pass of the
// same token with everything prepared once. A token of the third key is signed three times, as any reader must. Rounds
// take turns and the least of each counts; of three keys ours/crypto is to be at most 1.15. No reader of a text can do
// without its base64, which is counted as ours there; ours/floor has that of the standard library in the floor.
func BenchmarkDecrypt(b *testing.B) {
	keys := []string{key1, key2, key3}
	for _, n := range []int{1, 3} {
		for _, size := range []int{16, 1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("keys=%d/size=%d", n, size), func(b *testing.B) {
				token := ring(b, keys[n-1]).Encrypt([]byte(strings.Repeat("x", size)), date)
				r, bare := ring(b, keys[:n]...), newBare(b, keys[:n])
				raw, err := base64.URLEncoding.DecodeString(token)
				if err != nil {
					b.Fatal(err)
				}
				least := rounds(b, max(1, 1<<14/(size+64)),
					func() error { _, err := r.Decrypt(token); return err },
					func() error {
						raw, err := base64.URLEncoding.DecodeString(token)
						if err != nil {
							return err
						}
						return bare.decrypt(raw)
					},
					func() error { return bare.decrypt(raw) })
				b.ReportMetric(least[0], "ns/decrypt")
				b.ReportMetric(least[0]/least[1], "ours/floor")
				b.ReportMetric(least[0]/least[2], "ours/crypto")
			})
		}
	}
}

// BenchmarkAllocations counts those of one call.
func BenchmarkAllocations(b *testing.B) {
	r := ring(b, key1)
	token := r.Encrypt([]byte("sixteen letters!"), date)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Decrypt(token); err != nil {
			b.Fatal(err)
		}
	}
}

// rounds runs each function so many times in turn, and returns the least nanoseconds that one call took on average.
func rounds(b *testing.B, calls int, run ...func() error) []float64 {
	least := make([]float64, len(run))
	for i := range least {
		least[i] = math.Inf(1)
	}
	for b.Loop() {
		for i, call := range run {
			begin := time.Now()
			for range calls {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
			least[i] = min(least[i], float64(time.Since(begin).Nanoseconds())/float64(calls))
		}
	}
	return least
}

// bare is a reader without anything but the standard library's cryptography.
type bare struct {
	hashes []hash.Hash
	block  cipher.Block // of the last key
	sum    []byte
}

func newBare(b *testing.B, keys []string) *bare {
	r := &bare{sum: make([]byte, 0, sha256.Size)}
	for _, key := range keys {
		raw, err := base64.URLEncoding.DecodeString(key)
		if err != nil {
			b.Fatal(err)
		}
		r.hashes = append(r.hashes, hmac.New(sha256.New, raw[:16]))
		if r.block, err = aes.NewCipher(raw[16:]); err != nil {
			b.Fatal(err)
		}
	}
	return r
}

func (r *bare) decrypt(raw []byte) error {
	signed := raw[:len(raw)-sha256.Size]
	fits := false
	for _, h := range r.hashes {
		h.Reset()
		_, _ = h.Write(signed)
		fits = hmac.Equal(h.Sum(r.sum), raw[len(signed):])
	}
	if !fits {
		return errors.New("the last key does not fit")
	}
	text := make([]byte, len(signed)-25)
	cipher.NewCBCDecrypter(r.block, signed[9:25]).CryptBlocks(text, signed[25:])
	return nil
}
