package secrets_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func jsonOf(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

var benchURIs = []struct{ name, uri string }{
	{"plain", "postgres://airflow:airflow@db.example.com:5432/airflow"},
	{"encoded", "postgres://us%2Fer:p%40ss%2Fword@db.example.com:5432/air%20flow"},
	{"query", "google-cloud-platform://u:p@h/s?key_path=%2Fkeys%2Fkey.json&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform&project=airflow"},
	{"carrier", "aws://AKIA:secret@/?__extra__=%7B%22region_name%22%3A+%22eu-west-1%22%2C+%22config_kwargs%22%3A+%7B%22retries%22%3A+3%7D%7D"},
}

// BenchmarkParseURI compares with net/url doing its share of the work: Parse and Query.
func BenchmarkParseURI(b *testing.B) {
	for _, v := range benchURIs {
		b.Run(v.name+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := secrets.ParseURI(v.uri); err != nil {
					b.Fatal("refused")
				}
			}
		})
		b.Run(v.name+"/floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, err := url.Parse(v.uri)
				if err != nil {
					b.Fatal("refused")
				}
				_ = u.Query()
			}
		})
	}
}

// jsonFields is the struct that encoding/json fills as the floor.
type jsonFields struct {
	ConnType    string          `json:"conn_type"`
	Description string          `json:"description"`
	Host        string          `json:"host"`
	Login       string          `json:"login"`
	Password    string          `json:"password"`
	Schema      string          `json:"schema"`
	Port        int             `json:"port"`
	Extra       json.RawMessage `json:"extra"`
}

var benchJSONs = []struct{ name, text string }{
	{"small", `{"conn_type": "postgres", "host": "db.example.com", "login": "airflow", "password": "airflow", "port": 5432}`},
	{"full", `{"conn_type": "my-conn-type", "description": "d\u00e9", "login": "my-login", "password": "my\"password", "host": "my-host", "port": 1234, "schema": "my-schema", "extra": {"param1": "val1", "param2": {"a": [1, 2.5, null]}}}`},
}

func BenchmarkParseJSON(b *testing.B) {
	for _, v := range benchJSONs {
		b.Run(v.name+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := secrets.ParseJSON(v.text); err != nil {
					b.Fatal("refused")
				}
			}
		})
		b.Run(v.name+"/floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var f jsonFields
				if err := json.Unmarshal([]byte(v.text), &f); err != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}

// urlOf is the floor's share of a connection.
func urlOf(t testing.TB, c secrets.Connection) *url.URL {
	u := &url.URL{Scheme: c.Type, User: url.UserPassword(c.Login, c.Password.Reveal()), Host: c.Host + ":" + strconv.Itoa(c.Port), Path: "/" + c.Schema}
	var extra map[string]string
	require.NoError(t, c.DecodeExtra(&extra))
	values := url.Values{}
	for name, value := range extra {
		values.Set(name, value)
	}
	u.RawQuery = values.Encode()
	return u
}

func BenchmarkURI(b *testing.B) {
	for name, uri := range map[string]string{
		"plain": "postgres://airflow:airflow@db.example.com:5432/airflow",
		"odd":   "postgres://us%2Fer:p%40ss%2Fword@db.example.com:5432/air%20flow",
	} {
		c, err := secrets.ParseURI(uri)
		require.NoError(b, err)
		b.Run(name+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.URI()
			}
		})
		u := urlOf(b, c)
		b.Run(name+"/floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = u.String()
			}
		})
	}
	c, err := secrets.ParseURI("postgres://u:p@h:1/s?key_path=%2Fkeys%2Fkey.json&project=airflow")
	require.NoError(b, err)
	b.Run("extra/ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = c.URI()
		}
	})
	b.Run("extra/floor", func(b *testing.B) { // the query from its values, as ours
		u := urlOf(b, c)
		values := u.Query()
		b.ReportAllocs()
		for b.Loop() {
			u.RawQuery = values.Encode()
			_ = u.String()
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	c, err := secrets.ParseJSON(benchJSONs[1].text)
	require.NoError(b, err)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = c.JSON()
		}
	})
	var f jsonFields
	require.NoError(b, json.Unmarshal([]byte(benchJSONs[1].text), &f))
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(f); err != nil {
				b.Fatal("refused")
			}
		}
	})
}

// Parsing allocates what the result is made of and nothing else: one allocation for each text that has to be decoded, and one
// for each Secret.
func TestParseAllocations(t *testing.T) {
	check := func(text string) (secrets.Connection, error) {
		return secrets.Connection{}, secrets.CheckText("c", text)
	}
	for _, v := range []struct {
		name, text string
		parse      func(string) (secrets.Connection, error)
		want       float64
	}{
		{"nothing to decode", "postgres://login@host:1/schema", secrets.ParseURI, 0},
		{"password", "postgres://login:password@host:1/schema", secrets.ParseURI, 1},
		{"type", "my-type://host", secrets.ParseURI, 1},
		{"login, password, host, schema", "t://l%20:p%20@h%20/s%20", secrets.ParseURI, 4 + 1},
		{"extra", "t://h?a=1&b%20=%2F&a=2", secrets.ParseURI, 1 + 1},
		{"carrier", "t://h?__extra__=%7B%7D", secrets.ParseURI, 1 + 1},
		{"JSON, nothing to decode", `{"host": "h", "port": 1}`, secrets.ParseJSON, 0},
		{"JSON, password and extra", `{"password": "p", "extra": {"a": [1]}}`, secrets.ParseJSON, 2},
		{"JSON, escapes", `{"login": "\u00e9", "password": "\n\n"}`, secrets.ParseJSON, 2 + 1},
		{"a check", " my-type://Protocol://l%20:p%20@h%20:1/s%20?a=1&b%20=%2F&a=2\n", check, 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			got := testing.AllocsPerRun(100, func() {
				if _, err := v.parse(v.text); err != nil {
					t.Error("refused")
				}
			})
			assert.Equal(t, v.want, got)
		})
	}
}

// A name is not decoded again for every short one that is compared with it: parsing would take quadratic time.
func TestParseDecodesLongNamesOnce(t *testing.T) {
	text := "t://h?" + strings.Repeat("%61", 1000) + strings.Repeat("&b", 1000)
	got := testing.AllocsPerRun(10, func() {
		if _, err := secrets.ParseURI(text); err != nil {
			t.Error("refused")
		}
	})
	assert.Less(t, got, 50.0)
}

// hugeTexts are inputs that a careless parser takes quadratic time or deep recursion for, of about n bytes.
func hugeTexts(n int) map[string]string {
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	distinct := func(format func(int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(format(i))
		}
		return b.String()
	}
	return map[string]string{
		"colons":                "t://" + repeat(":"),
		"ats":                   "t://" + repeat("@"),
		"protocols":             "t://" + repeat("a://"),
		"escapes":               "t://" + repeat("%FF"),
		"broken characters":     "t://h/" + repeat("%E2%82"),
		"brackets":              "t://[" + repeat("1:"),
		"opening brackets":      "t://" + repeat("["),
		"line breaks":           "t://" + repeat("h\n\t"),
		"one name":              "t://h?" + repeat("a&"),
		"one name, escaped":     "t://h?" + repeat("%61&a&"),
		"distinct names":        "t://h?" + distinct(func(i int) string { return "n" + strconv.Itoa(i) + "&" }),
		"long escaped names":    "t://h?" + strings.Repeat(strings.Repeat("%61", n/60)+"&", 20),
		"short names after one": "t://h?" + strings.Repeat("%61", n/6) + strings.Repeat("&b", n/4),
		"pluses":                "t://h?a=" + repeat("+"),
		"carrier, open":         "t://h?__extra__=" + repeat("["),
		"letters without type":  repeat("a_"),
		"arrays":                `{"extra": ` + repeat("["),
		"objects":               `{"extra": ` + repeat(`{"a":`),
		"keys":                  `{` + repeat(`"host":"h",`),
		"JSON escapes":          `{"host": "` + repeat(`\u00e9`) + `"}`,
		"backslashes":           `{"host": "` + repeat(`\\`) + `"}`,
		"spaces":                repeat(" ") + "{}",
		"extra as text":         `{"extra": "` + repeat(`[`) + `"}`,
	}
}

// A mebibyte of any kind is parsed, or refused, without a stack overflow. BenchmarkHuge shows that the time grows linearly.
func TestHuge(t *testing.T) {
	for name, text := range hugeTexts(1 << 20) {
		t.Run(name, func(t *testing.T) {
			c, err := secrets.Parse(text)
			if err != nil {
				requireSyntaxError(t, err, text)
				return
			}
			d, err := secrets.Parse(c.URI().Reveal())
			require.NoError(t, err)
			require.True(t, d.Equal(c))
			_ = c.String()
		})
	}
}

func BenchmarkHuge(b *testing.B) {
	for _, n := range []int{1 << 16, 1 << 20} {
		for name, text := range hugeTexts(n) {
			b.Run(name+"/"+strconv.Itoa(n>>10)+"KiB", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					_, _ = secrets.Parse(text)
				}
			})
		}
	}
}
