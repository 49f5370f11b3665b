package localfs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

const fuzzPlanted = "pLanted5ecret"

// fuzz puts a secret anywhere into any text and reads it as every kind: no panic, and no error shows the secret.
func fuzz(f *testing.F, read format, seeds []string, more func(t *testing.T, text string, s *set, err error)) {
	for _, seed := range seeds {
		f.Add(seed, uint16(len(seed)/2))
	}
	f.Fuzz(func(t *testing.T, text string, at uint16) {
		place := int(at) % (len(text) + 1)
		for _, text := range []string{text, text[:place] + fuzzPlanted + text[place:]} {
			for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable, secrets.KindConfig} {
				s, usable, err := readFile(kind, "file", []byte(text), read)
				if err != nil {
					assert.ErrorIs(t, err, secrets.ErrMalformed)
					assert.False(t, strings.Contains(err.Error(), fuzzPlanted), "an error shows the secret")
				}
				if !usable {
					assert.Error(t, err)
					s = nil
				} else {
					for name, bad := range s.bad {
						assert.False(t, strings.Contains(bad.Error(), fuzzPlanted), "the error of %d bytes of name shows the secret", len(name))
					}
					for name, text := range s.texts {
						if kind == secrets.KindConnection {
							_, err := value{text, s.more[name]}.connections(name)
							assert.NoError(t, err, "what was checked when it was read is no connection")
						}
					}
				}
				if kind == secrets.KindVariable && more != nil {
					more(t, text, s, err)
				}
			}
		}
	})
}

func FuzzAirflowEnv(f *testing.F) {
	fuzz(f, readAirflowEnv, []string{
		"CONN_ID=mysql://log:password@13.1.21.1:3306/mysqldbrd\n# x\n\nCONN_ID={\"conn_type\": \"t\"}", "A=1\r\nB=2\rC=3\x0bD\x0c=\x1c\u0085\u2028E=F",
		"\ufeffA=1\n \u00a0#x\nA=2", "=\nK=\nL", "K= v\nexport K='x'",
	}, nil)
}

func FuzzPlainEnv(f *testing.F) {
	fuzz(f, readPlainEnv, []string{"A=1\nexport B='x y' # c\nC=\"$A\\n${B}\"", "CONN=mysql://h\nD: 'x\ny'", "A='", "my-db=1"}, nil)
}

func FuzzJSON(f *testing.F) {
	fuzz(f, readJSON, []string{
		`{"CONN_ID": "mysql://host_1", "B": ["mysql://a", {"uri": "mysql://b"}], "C": {"conn_id": "C", "port": "1", "extra_dejson": {"a": {"b": [1, null]}}}}`,
		`{"A": 1.50, "B": [ "x" ], "C": {"a" : "\u00e9\ud83d\ude00"}, "D": null, "A": true}`, `{"A": "\ud800"}`, "\ufeff{}", "{}x", `{"a": [[[]]], }`, " ",
	}, func(t *testing.T, text string, s *set, err error) {
		var values map[string]any
		if !utf8.ValidString(text) || strings.Contains(text, `\u`) || strings.Count(text, "[")+strings.Count(text, "{") > 900 {
			return // Go turns halves of surrogate pairs into U+FFFD, and nests deeper
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		valid := json.Valid([]byte(text)) && d.Decode(&values) == nil && values != nil
		if !assert.Equal(t, valid, s != nil, "encoding/json judges otherwise") || !valid || err != nil {
			return
		}
		assert.Len(t, s.texts, len(values))
		for key, want := range values {
			got, ok := s.texts[key]
			assert.True(t, ok)
			if text, isText := want.(string); isText {
				assert.True(t, got == text, "another text")
				continue
			}
			var back any
			d := json.NewDecoder(strings.NewReader(got))
			d.UseNumber()
			assert.NoError(t, d.Decode(&back))
			assert.Equal(t, want, back)
		}
	})
}

func FuzzYAML(f *testing.F) {
	fuzz(f, readYAML, []string{
		"conn_a: mysql://hosta\nconn_b:\n  conn_type: scheme\n  port: 1234\n  extra_dejson: {a: b}\n", "a: &x {k: v}\nb:\n  <<: *x\n  d: 2\nc: *x\n<<: [*x]\n",
		"A: no\nB: 017\nC: 1:30\nD: .5\nE: 2024-01-02\nF: !!int '2'\nG: !!binary aGk=\nH: |\n  x\nI: 0x1F\nJ: 1_000.5e+3\nK: 190:20:30.15\n",
		"a: &a [*a]", "? [a]\n: b", "--- a: b\n...\n---\n", "a: b\n c: d", "{a: 'x', a: y}", "\ufeffA: b", "a:\n\tb: c", "on: 1\n~: 2\n: 3\n",
		strings.Repeat("[", 2000), "a: " + strings.Repeat("{a: ", 1001) + strings.Repeat("}", 1001), doubled(),
	}, func(t *testing.T, _ string, s *set, err error) {
		if s == nil || err != nil {
			return
		}
		for _, text := range s.texts {
			assert.True(t, utf8.ValidString(text))
		}
	})
}

// doubled is a text whose aliases stand for two to the power of thirty texts.
func doubled() string {
	var b strings.Builder
	b.WriteString("x0: &x0 x\n")
	for i := range 30 {
		fmt.Fprintf(&b, "x%d: &x%d [*x%d, *x%d]\n", i+1, i+1, i, i)
	}
	return b.String()
}

func FuzzScalar(f *testing.F) {
	for _, seed := range []string{"1", "-1", "+.5", "017", "0b_1", "0x", "1:30", "01:30", "1:30.5", "-.5", "1_0.0_1e+5", ".inf", "-.INF", "1e3", "._", "0_", "9:60", "0x1F", "-0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, kind := resolve(text)
		switch kind {
		case yamlText, yamlBeyond:
			assert.Empty(t, got)
		default:
			assert.True(t, json.Valid([]byte(got)), "%q became %q, which is no JSON", text, got)
		}
	})
}
