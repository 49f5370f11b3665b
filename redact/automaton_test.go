package redact

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// naive masks by looking for every text at every place.
func naive(texts []string, text string) string {
	var spans []span
	for i := range len(text) {
		for _, t := range texts {
			if strings.HasPrefix(text[i:], t) {
				spans = append(spans, span{i, i + len(t)})
			}
		}
	}
	if len(spans) == 0 {
		return text
	}
	spans = joined(spans, true)
	var b strings.Builder
	from := 0
	for _, s := range spans {
		b.WriteString(text[from:s.start] + "#")
		from = s.end
	}
	return b.String() + text[from:]
}

func TestIndexFindsWhatANaiveSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfNDistinct(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 1, 6, -1), 1, 12, rapid.ID).Draw(t, "texts")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 60, -1).Draw(t, "text")
		whole := newIndex(texts)
		grown := &index{}
		for _, s := range texts {
			grown = grown.with([]string{s})
		}
		for name, x := range map[string]*index{"whole": whole, "grown": grown} {
			got, read := x.replace(text, "#", 0, len(text))
			assert.Equal(t, len(text), read, name)
			assert.Equal(t, naive(texts, text), got, name)
		}
	})
}

func FuzzReplace(f *testing.F) {
	for _, seed := range [][3]string{{"secret", "token-1", "a secret and token-1secret"}, {"aba", "bab", "ababababab"}, {"aa", "aaa", "aaaaaaa"},
		{"ab", "abcd", "abcababcde"}, {"é", "\xc3", "é\xc3\xa9\xff"}, {"\x00", "x", "\x00\x00x"}, {"", "one", "on"}, {"same", "same", "sames"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, one, two, text string) {
		var texts []string
		for _, s := range []string{one, two} {
			if s != "" && len(s) <= maxText {
				texts = append(texts, s)
			}
		}
		if len(texts) == 2 && one == two {
			texts = texts[:1]
		}
		x := newIndex(texts)
		got, _ := x.replace(text, "#", 0, len(text))
		assert.True(t, got == naive(texts, text), "a naive search masks another text")
		limit := len(text) - x.open(text)
		head, read := x.replace(text, "#", 0, limit)
		tail, _ := x.replace(text[limit:], "#", max(0, read-limit), len(text)-limit)
		assert.True(t, head+tail == got, "masking in two parts differs")
	})
}

func randomTexts(n int) []string {
	r := rand.New(rand.NewSource(1))
	texts := make([]string, n)
	for i := range texts {
		b := make([]byte, 16+r.Intn(32))
		for j := range b {
			b[j] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[r.Intn(64)]
		}
		texts[i] = string(b)
	}
	return texts
}

var line = strings.Repeat(`time=2026-11-22T03:41:21 level=INFO msg="request done" path=/api/v1/items status=200 took=13ms `, 10)

// BenchmarkText shows that the cost of a line does not grow with the number of secrets.
func BenchmarkText(b *testing.B) {
	for _, n := range []int{10, 1_000, 20_000} {
		b.Run(fmt.Sprintf("%d secrets", n), func(b *testing.B) {
			x := newIndex(randomTexts(n))
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				x.replace(line, "***", 0, len(line))
			}
		})
	}
	b.Run("floor: strings.NewReplacer, 10 secrets", func(b *testing.B) {
		var pairs []string
		for _, s := range randomTexts(10) {
			pairs = append(pairs, s, "***")
		}
		r := strings.NewReplacer(pairs...)
		b.SetBytes(int64(len(line)))
		b.ReportAllocs()
		for b.Loop() {
			r.Replace(line)
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1_000, 20_000} {
		b.Run(fmt.Sprintf("%d secrets", n), func(b *testing.B) {
			texts := randomTexts(n)
			b.ReportAllocs()
			for b.Loop() {
				newIndex(texts)
			}
		})
	}
}
