package fernet_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	second "github.com/fernet/fernet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/fernet"
	"github.com/secretchain/secrets/internal/vectors"
)

const (
	key1 = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="
	key2 = "4wq3JT8KzqK2R15wyX43tvDC_FNQnYWxqLDLk07JMCs="
	key3 = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
)

var date = time.Unix(1700000000, 0)

func ring(t testing.TB, keys ...string) *fernet.Ring {
	t.Helper()
	r, err := fernet.New(keys...)
	require.NoError(t, err)
	return r
}

func TestVectors(t *testing.T) {
	type fernetCase struct{ Keys, Token string }
	vectors.Suite[fernetCase]{
		File: "fernet.json",
		Got: func(_ *testing.T, c fernetCase) (any, error) {
			r, err := fernet.New(strings.Split(c.Keys, ",")...)
			if err != nil {
				return nil, err
			}
			plain, err := r.Decrypt(c.Token)
			if err != nil {
				return nil, err
			}
			if !utf8.Valid(plain) { // what every caller that wants text has to ask
				return nil, errors.New("not UTF-8")
			}
			return string(plain), nil
		},
	}.Run(t)
}

func TestEncryptedTextIsReadBack(t *testing.T) {
	for _, size := range []int{0, 1, 15, 16, 17, 31, 32, 4095, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			plain := bytes.Repeat([]byte("x"), size)
			token := ring(t, key1, key2).Encrypt(plain, date)

			got, err := ring(t, key3, key1).Decrypt(token)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(plain, got), "read back differs")
		})
	}
}

func TestTwoTokensOfOneTextDiffer(t *testing.T) {
	r := ring(t, key1)
	assert.NotEqual(t, r.Encrypt([]byte("x"), date), r.Encrypt([]byte("x"), date))
}

func TestSecondOpinion(t *testing.T) {
	for _, plain := range []string{"", "a", "sixteen letters!", strings.Repeat("пароль🔑", 100)} {
		keys := second.MustDecodeKeys(key1)

		got := second.VerifyAndDecrypt([]byte(ring(t, key1).Encrypt([]byte(plain), time.Now())), 0, keys)
		assert.True(t, got != nil && string(got) == plain, "fernet-go does not read our token")

		token, err := second.EncryptAndSign([]byte(plain), keys[0])
		require.NoError(t, err)
		ours, err := ring(t, key2, key1).Decrypt(string(token))
		require.NoError(t, err)
		assert.True(t, string(ours) == plain, "we do not read fernet-go's token")
	}
}

func TestRotateKeepsTheDateAndUsesTheFirstKey(t *testing.T) {
	old := ring(t, key2).Encrypt([]byte("hello"), date)

	rotated, changed, err := ring(t, key1, key2).Rotate(old)
	require.NoError(t, err)
	assert.True(t, changed)

	plain, err := ring(t, key1).Decrypt(rotated)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(plain))
	raw := func(token string) []byte {
		b, err := base64.URLEncoding.DecodeString(token)
		require.NoError(t, err)
		return b
	}
	assert.Equal(t, raw(old)[:9], raw(rotated)[:9], "version and date")
	assert.NotEqual(t, raw(old)[9:25], raw(rotated)[9:25], "the IV is new")
}

func TestRotateLeavesATokenOfTheFirstKey(t *testing.T) {
	token := ring(t, key1).Encrypt([]byte("hello"), date)
	rotated, changed, err := ring(t, key1, key2).Rotate(token)
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Equal(t, token, rotated)
}

func TestRotateReportsWhatItCannotRead(t *testing.T) {
	_, _, err := ring(t, key1).Rotate(ring(t, key2).Encrypt([]byte("hello"), date))
	assert.ErrorIs(t, err, fernet.ErrNoKeyFits)
	_, _, err = ring(t, key1).Rotate("hello")
	assert.ErrorIs(t, err, fernet.ErrToken)
}

func TestFailuresAreToldApart(t *testing.T) {
	token := ring(t, key1).Encrypt([]byte("hello"), date)
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"blank":            {"", fernet.ErrToken},
		"plain text":       {"s3cret!", fernet.ErrToken},
		"cut":              {token[:len(token)-4], fernet.ErrToken},
		"another's":        {ring(t, key2).Encrypt([]byte("hello"), date), fernet.ErrNoKeyFits},
		"changed":          {strings.Replace(token, token[40:41], map[bool]string{true: "B", false: "A"}[token[40] == 'A'], 1), fernet.ErrNoKeyFits},
		"signed, bad text": {"gAAAAABlU_EAAAAAAAAAAAAAAAAAAAAAAPbbegO5qelrooXiqg3M7fwKXLMJbTZL9l8TZNzlweOKDMDJibY1ihAmM9FFxXMOfg==", fernet.ErrToken},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ring(t, key1).Decrypt(c.token)
			assert.ErrorIs(t, err, c.want)
		})
	}
}

func TestKeyErrorsNameThePositionAlone(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		want string
	}{
		"none":       {nil, "no Fernet key given"},
		"blank":      {[]string{""}, "Fernet key is not 32 bytes in URL-safe base64 (44 characters)"},
		"bad":        {[]string{"hunter2"}, "Fernet key is not 32 bytes in URL-safe base64 (44 characters)"},
		"second bad": {[]string{key1, "hunter2"}, "Fernet key 2 of 2 is not 32 bytes in URL-safe base64 (44 characters)"},
		"joined":     {[]string{key1 + "," + key2}, "Fernet key holds a comma: give keys one by one, not as the one text of Airflow's setting"},
		"too long":   {[]string{key1[:43] + key2[:43] + key1[:42]}, "Fernet key is not 32 bytes in URL-safe base64 (44 characters)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fernet.New(c.keys...)
			var bad *fernet.KeyError
			require.ErrorAs(t, err, &bad)
			assert.EqualError(t, err, c.want)
		})
	}
}

func TestNothingPrintedShowsAKey(t *testing.T) {
	const signing = "[239 202 118" // how %v prints the first bytes of key1
	holder := struct{ r *fernet.Ring }{ring(t, key1)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, v := range []any{holder, holder.r, *holder.r} {
			text := fmt.Sprintf(verb, v)
			assert.NotContains(t, text, signing)
			assert.NotContains(t, text, "efca76")
			assert.Less(t, len(text), 200)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	r := ring(t, key1, key2)
	old := ring(t, key2)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 100 {
				text := strings.Repeat(fmt.Sprint(i), i*7)
				for _, token := range []string{r.Encrypt([]byte(text), date), old.Encrypt([]byte(text), date)} {
					plain, err := r.Decrypt(token)
					if err != nil || string(plain) != text {
						t.Error("a token was not read back")
						return
					}
				}
			}
		})
	}
	wg.Wait()
}
