package redact_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/redact"
)

const password = "p4ss/w rd+%é\"x"

func knowing(texts ...string) *redact.Redactor {
	r := redact.New(nil)
	for _, text := range texts {
		r.Add(secrets.NewSecret(text))
	}
	return r
}

func TestTextMasksEveryForm(t *testing.T) {
	r := knowing(password)
	for name, shown := range map[string]string{
		"raw":                    password,
		"Python quote":           "p4ss/w%20rd%2B%25%C3%A9%22x",
		"Python quote, no slash": "p4ss%2Fw%20rd%2B%25%C3%A9%22x",
		"a query":                "p4ss%2Fw+rd%2B%25%C3%A9%22x",
		"Go's path":              "p4ss%2Fw%20rd+%25%C3%A9%22x",
		"a login":                "p4ss%2Fw%20rd+%25%C3%A9%22x",
		"JSON, and Go's quotes":  `p4ss/w rd+%é\"x`,
		"Go's quotes, ASCII":     `p4ss/w rd+%\u00e9\"x`,
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "before *** after", r.Text("before "+shown+" after"))
			assert.Equal(t, "******", r.Text(shown+shown))
		})
	}
	assert.Equal(t, "nothing here", r.Text("nothing here"))
	assert.Equal(t, "", r.Text(""))
}

// TestTextMasksLogins: what url.UserPassword leaves as it is, other escapes do not, and the other way round.
func TestTextMasksLogins(t *testing.T) {
	for _, secret := range []string{"p@s;s&x=1", "a:b/c?d#e", "tab\tnul\x00del\x7f"} {
		r := knowing(secret)
		login := (&url.URL{Scheme: "mysql", Host: "h", User: url.UserPassword("u", secret)}).String()
		assert.Equal(t, "mysql://u:***@h", r.Text(login))
		assert.Equal(t, `"***"`, r.Text(strconv.Quote(secret)))
	}
}

func TestOverlappingSecretsAreMaskedWhole(t *testing.T) {
	r := knowing("abcdefg", "defghij", "cdefg", "xabcdefghijy")
	for text, want := range map[string]string{
		"-abcdefghij-":   "-***-",
		"-abcdefgh-":     "-***h-",
		"-xabcdefghijy-": "-***-",
		"-xabcdefghij-":  "-x***-",
		"abcdefgabcdefg": "******",
		"abcdef":         "abcdef",
	} {
		assert.Equalf(t, want, r.Text(text), "text %q", text)
	}
}

func TestWhatIsNeverMasked(t *testing.T) {
	var log bytes.Buffer
	r := redact.New(&redact.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, text := range []string{"", "abcd", "airflow", "abc"} {
		r.Add(secrets.NewSecret(text))
	}
	assert.Equal(t, "abcd airflow abc", r.Text("abcd airflow abc"))
	assert.Equal(t, 1, strings.Count(log.String(), "too short"), "told once")
	assert.NotContains(t, log.String(), "abc")
}

func TestChainFeedsTheRedactor(t *testing.T) {
	r := redact.New(&redact.Options{Words: []string{"Pin_Code"}})
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: backendtest.NewFake(backendtest.Content{
		Connections: map[string][]string{"db": {`{"conn_type": "http", "login": "plain-login", "password": "pass-word-1", "extra": {"api-Key": "key-1", "deep": [{"AUTHORIZATION": {"x": "auth-1"}}], "note": "plain-note", "token": 1234567}}`}},
		Variables: map[string]string{"db_password": "var-secret-1\n", "greeting": "plain-greeting", "my pin code": "var-secret-2",
			"settings": `{"client_secret": "json-secret-1", "color": "plain-color"}`, "list": ` [{"token": "json-secret-2"}]`},
		Config: map[string]string{"fernet_key": "config-secret-1"},
	})}}, &secrets.Options{Masker: r})
	require.NoError(t, err)
	defer chain.Close()
	_, err = chain.GetConnection(t.Context(), "db")
	require.NoError(t, err)
	for _, key := range []string{"db_password", "greeting", "my pin code", "settings", "list"} {
		_, err = chain.GetVariable(t.Context(), key)
		require.NoError(t, err)
	}
	_, err = chain.GetConfig(t.Context(), "fernet_key")
	require.NoError(t, err)
	for _, secret := range []string{"pass-word-1", "key-1", "auth-1", "1234567", "var-secret-1", "var-secret-2", "json-secret-1", "json-secret-2", "config-secret-1"} {
		assert.Equalf(t, "<***>", r.Text("<"+secret+">"), "%s", secret)
	}
	for _, plain := range []string{"plain-login", "plain-note", "plain-greeting", "plain-color"} {
		assert.Equal(t, plain, r.Text(plain))
	}
}

type leaky struct{ Name, Value string }

type body []byte

// hides is an error that shows itself in Error alone, as errors with a Format of their own do.
type hides struct{ value string }

func (e hides) Error() string              { return e.value }
func (e hides) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "harmless") }

// encodes is an error that shows itself in JSON alone.
type encodes struct{ value string }

func (e encodes) Error() string                { return "harmless" }
func (e encodes) MarshalJSON() ([]byte, error) { return json.Marshal(e.value) }

// panics is a value whose own method panics, with a secret.
type panics struct{ value string }

func (p panics) MarshalText() ([]byte, error) { panic(p.value) }
func (p panics) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, "harmless") }

type marshals struct{ value string }

func (m marshals) String() string               { return "harmless" }
func (m marshals) MarshalJSON() ([]byte, error) { return []byte(`"` + m.value + `"`), nil }

func TestHandlerMasksEveryPartOfARecord(t *testing.T) {
	const secret = "s3cr3t-value"
	for name, make := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r := knowing(secret, "12345678")
			var out bytes.Buffer
			log := slog.New(r.Handler(make(&out)))
			log.Info("message "+secret, "string", "a "+secret, "error", fmt.Errorf("dial: %w", errors.New(secret)),
				"struct", leaky{"n", secret}, "pointer", &leaky{"n", secret}, "json", marshals{secret}, "number", 12345678,
				"bytes", []byte(secret), "named", body(secret), "damaged", json.RawMessage("{"+secret), "url", &url.URL{Path: secret},
				"hides", hides{secret}, "encodes", encodes{secret}, "panics", panics{secret}, "nil", (*netip.Addr)(nil), "map", map[string]string{"k": secret}, slog.Group("group", "inner", secret, slog.Group("deep", "x", secret)),
				secret, "name", "kept", 42, "took", time.Second)
			log.With("with", secret).WithGroup("g-"+secret).Info("m", "k", secret)
			for _, s := range []string{secret, "12345678", base64.StdEncoding.EncodeToString([]byte(secret))} {
				assert.NotContains(t, out.String(), s)
			}
			assert.Contains(t, out.String(), "42")
			assert.Contains(t, out.String(), "***")

			late := log.With("late", "learned-later")
			late.Info("nobody knows")
			out.Reset()
			r.Add(secrets.NewSecret("learned-later"))
			late.Info("m")
			assert.Contains(t, out.String(), "***")
			assert.NotContains(t, out.String(), "learned-later")
		})
	}
}

func TestWriterMasksAcrossWrites(t *testing.T) {
	const secret = "s3cr3t-value"
	text := "before " + secret + " between " + secret + secret + " after s3cr3t-val"
	want := "before *** between ****** after s3cr3t-val"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := knowing(secret).Writer(&out)
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			written, err := w.Write([]byte(rest[:n]))
			require.NoError(t, err)
			require.Equal(t, n, written)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		require.NoError(t, w.Close())
		assert.Equalf(t, want, out.String(), "writes of %d bytes", size)
	}
}

// TestWriterMasksAsTextDoes, however what is written is cut, and however secrets overlap.
func TestWriterMasksAsTextDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := redact.New(&redact.Options{MinLength: 1, Mask: "#"})
		for _, text := range rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 2, 5, -1), 1, 3).Draw(t, "secrets") {
			r.Add(secrets.NewSecret(text))
		}
		var out, whole strings.Builder
		w := r.Writer(&out)
		for _, part := range rapid.SliceOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 4, -1)).Draw(t, "parts") {
			_, err := io.WriteString(w, part)
			require.NoError(t, err)
			whole.WriteString(part)
		}
		require.NoError(t, w.Close())
		assert.Equal(t, r.Text(whole.String()), out.String())
	})
}

func TestWriterHoldsNothingBackWithoutNeed(t *testing.T) {
	var out bytes.Buffer
	w := knowing("s3cr3t-value").Writer(&out)
	_, err := w.Write([]byte("a line\n"))
	require.NoError(t, err)
	assert.Equal(t, "a line\n", out.String())
}

func TestForgetting(t *testing.T) {
	now := time.Unix(0, 0)
	r := redact.New(&redact.Options{MaxAge: time.Hour, Now: func() time.Time { return now }})
	r.Add(secrets.NewSecret("old-secret"))
	r.Add(secrets.NewSecret("told-again"))
	now = now.Add(50 * time.Minute)
	r.Add(secrets.NewSecret("told-again"))
	now = now.Add(50 * time.Minute)
	r.Add(secrets.NewSecret("new-secret"))
	assert.Equal(t, "old-secret *** ***", r.Text("old-secret told-again new-secret"))
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	r := redact.New(&redact.Options{MaxSecrets: 100, Now: func() time.Time { now = now.Add(time.Second); return now }})
	name := func(i int) string { return fmt.Sprintf("secret-number-%05d", i) }
	for i := range 1000 {
		r.Add(secrets.NewSecret(name(i)))
	}
	masked := 0
	for i := range 1000 {
		if r.Text(name(i)) == "***" {
			masked++
		}
	}
	assert.LessOrEqual(t, masked, 100)
	assert.GreaterOrEqual(t, masked, 80)
	assert.Equal(t, "***", r.Text(name(999)), "the newest is kept")
	assert.Equal(t, name(0), r.Text(name(0)), "the oldest is forgotten")
}

// TestLongSecret: all of a secret of 64 KiB is masked, as one, in a text and in a stream.
func TestLongSecret(t *testing.T) {
	digits := rand.New(rand.NewSource(1))
	for _, size := range []int{4095, 4096, 4097, 4099, 8191, 8192, 10_000, 64 << 10} {
		long := make([]byte, size)
		for i := range long {
			long[i] = "0123456789"[digits.Intn(10)]
		}
		r := knowing(string(long))
		assert.Truef(t, r.Text("key: "+string(long)+" end") == "key: *** end", "%d bytes", size)
		var out strings.Builder
		w := r.Writer(&out)
		for rest := "key: " + string(long) + " end"; rest != ""; {
			n := min(1000, len(rest))
			_, err := io.WriteString(w, rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		assert.Truef(t, out.String() == "key: *** end", "%d bytes, written", size)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := redact.New(nil)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				secret := fmt.Sprintf("secret-%d-%d", g, i)
				r.Add(secrets.NewSecret(secret))
				assert.Equal(t, "a *** b", r.Text("a "+secret+" b"))
			}
		})
	}
	wg.Wait()
}

func TestPrintsNothing(t *testing.T) {
	r := knowing("s3cr3t-value")
	backendtest.NoLeak(t, "s3cr3t-value", r, r.Handler(slog.DiscardHandler), r.Writer(io.Discard))
}

// TestTextMasksPythonsJSON: json.dumps writes a character beyond the first 65,536 as two, and Connection.JSON does.
func TestTextMasksPythonsJSON(t *testing.T) {
	for name, secret := range map[string]string{"emoji": "p\U0001f600ssword", "control": "p\x01\u00e9ssword", "bytes": "p\u00e9\xffssword"} {
		t.Run(name, func(t *testing.T) {
			r := redact.New(nil)
			c := secrets.Connection{Type: "t", Password: secrets.NewSecret(secret)}
			r.MaskConnection(c)
			assert.Equal(t, `{"conn_type": "t", "password": "***"}`, r.Text(c.JSON().Reveal()))
		})
	}
}

// TestWordsAreComparedAsNames: a word of the caller's matches however it and the name are spelt.
func TestWordsAreComparedAsNames(t *testing.T) {
	for _, word := range []string{"pin code", "PIN-Code", " pin_code "} {
		r := redact.New(&redact.Options{Words: []string{word}})
		r.MaskText(secrets.KindVariable, "door.pin-code", secrets.NewSecret("2468-1357"))
		assert.Equal(t, "***", r.Text("2468-1357"), word)
	}
	r := redact.New(&redact.Options{Words: []string{"--", " "}})
	r.MaskText(secrets.KindVariable, "plain_name", secrets.NewSecret("plain-value"))
	assert.Equal(t, "plain-value", r.Text("plain-value"))
}
