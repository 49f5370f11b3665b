package secrets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// row is a connection in the columns of the specification's tables.
type row struct {
	Type, Host              string
	Port                    int
	Login, Password, Schema string
	Extra                   string
}

func (r row) connection() secrets.Connection {
	return secrets.Connection{Type: r.Type, Host: r.Host, Port: r.Port, Login: r.Login, Schema: r.Schema,
		Password: secrets.NewSecret(r.Password), Extra: secrets.NewSecret(r.Extra)}
}

func asRow(c secrets.Connection) row {
	return row{c.Type, c.Host, c.Port, c.Login, c.Password.Reveal(), c.Schema, c.Extra.Reveal()}
}

// uriRows is the table of specification, connection §4.
var uriRows = []struct {
	name, uri string
	want      row
}{
	{"P01", "type://user:pass@host:100/schema", row{"type", "host", 100, "user", "pass", "schema", ""}},
	{"P02", "type://user:pass@host/schema?param1=val1&param2=val2", row{"type", "host", 0, "user", "pass", "schema", `{"param1": "val1", "param2": "val2"}`}},
	{"P03", "type://host", row{"type", "host", 0, "", "", "", ""}},
	{"P04", "smtps://user:host@relay.example.com:465", row{"smtps", "relay.example.com", 465, "user", "host", "", ""}},
	{"P05", "scheme://user:password@host%2Flocation:1234/schema", row{"scheme", "host/location", 1234, "user", "password", "schema", ""}},
	{"P06", "scheme://user:password@host%2Flocation:1234/schema?extra1=a%20value&extra2=%2Fpath%2F", row{"scheme", "host/location", 1234, "user", "password", "schema", `{"extra1": "a value", "extra2": "/path/"}`}},
	{"P07", "scheme://user:password@host%2Flocation:1234/schema?extra1=a%20value&extra2=", row{"scheme", "host/location", 1234, "user", "password", "schema", `{"extra1": "a value", "extra2": ""}`}},
	{"P08", "scheme://user:password@host%2Flocation%3Ax%3Ay:1234/schema", row{"scheme", "host/location:x:y", 1234, "user", "password", "schema", ""}},
	{"P09", "scheme://user:password%20with%20space@host:1234/schema%2Ftest", row{"scheme", "host", 1234, "user", "password with space", "schema/test", ""}},
	{"P10", "scheme://domain%2Fuser:password@host", row{"scheme", "host", 0, "domain/user", "password", "", ""}},
	{"P11", "scheme://user:password@host%2Flocation:1234/schema?__extra__=%7B%22my_val%22%3A+%5B%22list%22%2C+%22of%22%2C+%22values%22%5D%2C+%22extra%22%3A+%7B%22nested%22%3A+%7B%22json%22%3A+%22val%22%7D%7D%7D", row{"scheme", "host/location", 1234, "user", "password", "schema", `{"my_val": ["list", "of", "values"], "extra": {"nested": {"json": "val"}}}`}},
	{"P12", "google-cloud-platform://?key_path=%2Fkeys%2Fkey.json&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform&project=airflow", row{"google_cloud_platform", "", 0, "", "", "", `{"key_path": "/keys/key.json", "scope": "https://www.googleapis.com/auth/cloud-platform", "project": "airflow"}`}},
	{"P13", "google-cloud-platform://?extra__google_cloud_platform__key_path=%2Fkeys%2Fkey.json", row{"google_cloud_platform", "", 0, "", "", "", `{"extra__google_cloud_platform__key_path": "/keys/key.json"}`}},
	{"P14", "scheme://host:1234", row{"scheme", "host", 1234, "", "", "", ""}},
	{"P15", "scheme://%2FTmP%2F:1234", row{"scheme", "/TmP/", 1234, "", "", "", ""}},
	{"P16", "scheme:///airflow", row{"scheme", "", 0, "", "", "airflow", ""}},
	{"P17", "scheme://@:1234", row{"scheme", "", 1234, "", "", "", ""}},
	{"P18", "scheme://:1234", row{"scheme", "", 1234, "", "", "", ""}},
	{"P19", "scheme://:password%2F%21%40%23%24%25%5E%26%2A%28%29%7B%7D@", row{"scheme", "", 0, "", "password/!@#$%^&*(){}", "", ""}},
	{"P20", "scheme://login%2F%21%40%23%24%25%5E%26%2A%28%29%7B%7D@", row{"scheme", "", 0, "login/!@#$%^&*(){}", "", "", ""}},
	{"P21", "http://:password@host:80/database", row{"http", "host", 80, "", "password", "database", ""}},
	{"P22", "http://user:@host:80/database", row{"http", "host", 80, "user", "", "database", ""}},
	{"P23", "http://user:password@/database", row{"http", "", 0, "user", "password", "database", ""}},
	{"P24", "http://user:password@host:80/", row{"http", "host", 80, "user", "password", "", ""}},
	{"P25", "http://user:password@/", row{"http", "", 0, "user", "password", "", ""}},
	{"P26", "http://@host", row{"http", "host", 0, "", "", "", ""}},
	{"P27", "http://:@host", row{"http", "host", 0, "", "", "", ""}},
	{"P28", "mysql://user@host", row{"mysql", "host", 0, "user", "", "", ""}},
	{"P29", "mysql://u:p@host:5432", row{"mysql", "host", 5432, "u", "p", "", ""}},
	{"P30", "postgresql://user:password@%2Ftmp%2Fz6rqdzqh%2Fexample%3Awest1%3Atestdb/testdb", row{"postgres", "/tmp/z6rqdzqh/example:west1:testdb", 0, "user", "password", "testdb", ""}},
	{"P31", "postgres://host", row{"postgres", "host", 0, "", "", "", ""}},
	{"P32", "Postgresql://host", row{"postgres", "host", 0, "", "", "", ""}},
	{"P33", "my-conn-type://h", row{"my_conn_type", "h", 0, "", "", "", ""}},
	{"P34", "MY-Conn://h", row{"my_conn", "h", 0, "", "", "", ""}},
	{"P35", "my.conn+x://h", row{"my.conn+x", "h", 0, "", "", "", ""}},
	{"P36", "spark://mysparkcluster.com:80?deploy-mode=cluster&spark_binary=command&namespace=kube+namespace", row{"spark", "mysparkcluster.com", 80, "", "", "", `{"deploy-mode": "cluster", "spark_binary": "command", "namespace": "kube namespace"}`}},
	{"P37", "spark://k8s%3a%2F%2F100.68.0.1:443?deploy-mode=cluster", row{"spark", "k8s://100.68.0.1", 443, "", "", "", `{"deploy-mode": "cluster"}`}},
	{"P38", "spark://k8s://100.68.0.1:443?deploy-mode=cluster", row{"spark", "k8s://100.68.0.1", 443, "", "", "", `{"deploy-mode": "cluster"}`}},
	{"P39", "type://protocol://user:pass@host:123?param=value", row{"type", "protocol://host", 123, "user", "pass", "", `{"param": "value"}`}},
	{"P40", "http://https://example.com:8443/v1", row{"http", "https://example.com", 8443, "", "", "v1", ""}},
	{"P41", "http://http%3A%2F%2Fhost", row{"http", "http://host", 0, "", "", "", ""}},
	{"P42", "https://example.com:443/foo/bar", row{"https", "example.com", 443, "", "", "foo/bar", ""}},
	{"P43", "aws://", row{"aws", "", 0, "", "", "", ""}},
	{"P44", "aws://AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY@/?region_name=eu-central-1", row{"aws", "", 0, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", `{"region_name": "eu-central-1"}`}},
	{"P45", "aws://@/?region_name=eu-west-1", row{"aws", "", 0, "", "", "", `{"region_name": "eu-west-1"}`}},
	{"P46", "mysql://MyHost.Example.COM/DB", row{"mysql", "myhost.example.com", 0, "", "", "DB", ""}},
	{"P47", "mysql://My%20Host.COM/DB", row{"mysql", "my Host.COM", 0, "", "", "DB", ""}},
	{"P48", "mysql://MyHost%2FSub.COM/DB", row{"mysql", "MyHost/Sub.COM", 0, "", "", "DB", ""}},
	{"P49", "mysql://[::1]:3306/db", row{"mysql", "::1", 3306, "", "", "db", ""}},
	{"P50", "mysql://u:p@[2001:DB8::1]/db", row{"mysql", "2001:db8::1", 0, "u", "p", "db", ""}},
	{"P51", "mysql://[FE80::1%25eth0]:3306/db", row{"mysql", "fe80::1%eth0", 3306, "", "", "db", ""}},
	{"P52", "mysql://host:/db", row{"mysql", "host", 0, "", "", "db", ""}},
	{"P53", "mysql://host:0/db", row{"mysql", "host", 0, "", "", "db", ""}},
	{"P54", "mysql://u:p@ss@host/db", row{"mysql", "host", 0, "u", "p@ss", "db", ""}},
	{"P55", "mysql://u:p:q@host/db", row{"mysql", "host", 0, "u", "p:q", "db", ""}},
	{"P56", "mysql://u%40corp:p%3Aq@host/db", row{"mysql", "host", 0, "u@corp", "p:q", "db", ""}},
	{"P57", "mysql://u+x:p+y@host/d+b", row{"mysql", "host", 0, "u+x", "p+y", "d+b", ""}},
	{"P58", "mysql://u:p%zz@host/db", row{"mysql", "host", 0, "u", "p%zz", "db", ""}},
	{"P59", "mysql://u:%E9@host/db", row{"mysql", "host", 0, "u", "�", "db", ""}},
	{"P60", "mysql://u:p%C3%A9@h%C3%B4te/d%C3%A9p%C3%B4t?cl%C3%A9=%C3%A9", row{"mysql", "hôte", 0, "u", "pé", "dépôt", `{"cl\u00e9": "\u00e9"}`}},
	{"P61", "mysql://host/a/b/c", row{"mysql", "host", 0, "", "", "a/b/c", ""}},
	{"P62", "mysql://host//db", row{"mysql", "host", 0, "", "", "/db", ""}},
	{"P63", "mysql://host/db#frag", row{"mysql", "host", 0, "", "", "db", ""}},
	{"P64", "mysql://host/db%23frag", row{"mysql", "host", 0, "", "", "db#frag", ""}},
	{"P65", "mysql://host/db?x=1#frag", row{"mysql", "host", 0, "", "", "db", `{"x": "1"}`}},
	{"P66", "mysql://u:pa%23ss@host/db", row{"mysql", "host", 0, "u", "pa#ss", "db", ""}},
	{"P67", "mysql://host/db?a=1&a=2", row{"mysql", "host", 0, "", "", "db", `{"a": "2"}`}},
	{"P68", "mysql://host/db?a", row{"mysql", "host", 0, "", "", "db", `{"a": ""}`}},
	{"P69", "mysql://host/db?a=&&b=2&", row{"mysql", "host", 0, "", "", "db", `{"a": "", "b": "2"}`}},
	{"P70", "mysql://host/db?a=1;b=2", row{"mysql", "host", 0, "", "", "db", `{"a": "1;b=2"}`}},
	{"P71", "mysql://host/db?a=b=c", row{"mysql", "host", 0, "", "", "db", `{"a": "b=c"}`}},
	{"P72", "mysql://host/db?a=x%2By+z", row{"mysql", "host", 0, "", "", "db", `{"a": "x+y z"}`}},
	{"P73", "mysql://host/db?=v", row{"mysql", "host", 0, "", "", "db", `{"": "v"}`}},
	{"P74", "mysql://host/db?flag=true&n=42&f=1.5&nul=null&s=%22q%22&l=%5B1%2C2%5D&txt=True", row{"mysql", "host", 0, "", "", "db", `{"flag": "true", "n": "42", "f": "1.5", "nul": "null", "s": "\"q\"", "l": "[1,2]", "txt": "True"}`}},
	{"P75", "mysql://host/db?__extra__=%7B%22a%22%3A+1%7D", row{"mysql", "host", 0, "", "", "db", `{"a": 1}`}},
	{"P76", "mysql://host/db?__extra__=%7B%22a%22%3A+1%7D&b=2", row{"mysql", "host", 0, "", "", "db", `{"a": 1}`}},
	{"P77", "mysql://host/db?__extra__=", row{"mysql", "host", 0, "", "", "db", ""}},
	{"P78", "//abc", row{"", "abc", 0, "", "", "", ""}},
	{"P79", "mysql://ho st/db", row{"mysql", "ho st", 0, "", "", "db", ""}},
	{"P80", "mysql://host/db ", row{"mysql", "host", 0, "", "", "db ", ""}},
	{"P81", " mysql://host/db", row{"mysql", "host", 0, "", "", "db", ""}},
	{"P82", "mysql:/host/db", row{"mysql", "", 0, "", "", "host/db", ""}},

	// Beyond the specification.
	{"IPv6 of eight groups", "t://[1:2:3:4:5:6:7:8]", row{"t", "1:2:3:4:5:6:7:8", 0, "", "", "", ""}},
	{"IPv6 of nothing but colons", "t://[::]", row{"t", "::", 0, "", "", "", ""}},
	{"IPv6 with IPv4", "t://[1:2:3:4:5:6:1.2.3.4]", row{"t", "1:2:3:4:5:6:1.2.3.4", 0, "", "", "", ""}},
	{"port with leading zeros", "t://h:00080", row{"t", "h", 80, "", "", "", ""}},
	{"mixed spelling of one name", "t://h?a+b=1&%61%20b=2&c=3", row{"t", "h", 0, "", "", "", `{"a b": "2", "c": "3"}`}},
	{"carrier spelled with escapes", "t://h?__extr%61__=%7B%7D", row{"t", "h", 0, "", "", "", "{}"}},
	{"control characters in the query", "t://h?a=%00%1F%7F%0A%22%5C", row{"t", "h", 0, "", "", "", `{"a": "\u0000\u001f\u007f\n\"\\"}`}},
	{"beyond the BMP", "t://h?a=%F0%9F%98%80", row{"t", "h", 0, "", "", "", `{"a": "\ud83d\ude00"}`}},
	{"broken UTF-8, each part by itself", "t://%E2%82x%E2%82:%F0%9F%98%F0@h?a=%C3%28%ED%A0%80", row{"t", "h", 0, "\uFFFDx\uFFFD", "\uFFFD\uFFFD", "", `{"a": "\ufffd(\ufffd\ufffd\ufffd"}`}},
	{"line breaks inside", "t:/\r/u:p\nw@\th/s", row{"t", "h", 0, "u", "pw", "s", ""}},
	{"type with protocol of its own name", "http://http://h", row{"http", "http://h", 0, "", "", "", ""}},
	{"host that is no protocol before //", "a://b_c://h", row{"a", "b_c", 0, "", "", "/h", ""}},
	{"host protocol without a host", "a://b://:1", row{"a", "", 1, "", "", "", ""}},
	{"no type, host protocol", "//a://b", row{"", "a", 0, "", "", "/b", ""}},
	{"unencoded URL in the query (D1)", "http://example.com/?a=http://x&b=http://y", row{"http", "example.com", 0, "", "", "", `{"a": "http://x", "b": "http://y"}`}},
	{"upper-case type with a protocol (D1)", "Spark://k8s://h", row{"spark", "k8s://h", 0, "", "", "", ""}},
}

func TestParseURI(t *testing.T) {
	for _, v := range uriRows {
		t.Run(v.name, func(t *testing.T) {
			c, err := secrets.ParseURI(v.uri)
			require.NoError(t, err)
			assert.Equal(t, v.want, asRow(c))
			assert.Empty(t, c.ID+c.Description)

			again, err := secrets.ParseURI(c.URI().Reveal())
			require.NoError(t, err)
			assert.True(t, again.Equal(c), "read back as another connection")
		})
	}
}

// Many names in a query are merged as few are.
func TestParseURIManyNames(t *testing.T) {
	var query, want strings.Builder
	for i := range 100 {
		name := string(rune('a'+i%25)) + string(rune('a'+i/25))
		query.WriteString("&" + name + "=1")
		want.WriteString(`, "` + name + `": "` + map[bool]string{true: "2", false: "1"}[i == 3 || i == 50] + `"`)
	}
	c, err := secrets.ParseURI("t://h?" + query.String()[1:] + "&d%61=2&ac=2")
	require.NoError(t, err)
	assert.Equal(t, "{"+want.String()[2:]+"}", c.Extra.Reveal())
}

func TestParseURIRefused(t *testing.T) {
	const encode = "percent-encode / ? # [ ] in login or password"
	for _, v := range []struct {
		name, uri, part string
		offset          int
		reason          string
	}{
		{"E01", "aws://AKIA:sec/ret@", "port", 11, encode},
		{"E02", "mysql://u:pa#ss@host/db", "password", 12, encode},
		{"E02 numeric", "mysql://u:12#34@host/db", "password", 12, encode},
		{"E03", "mysql://::1/db", "port", 9, "write an IPv6 address in brackets"},
		{"E04", "mysql://host:70000/db", "port", 13, "from 0 to 65535"},
		{"E05", "mysql://host:abc/db", "port", 13, "from 0 to 65535"},
		{"E06", "mysql://host:-1/db", "port", 13, "from 0 to 65535"},
		{"E07", "mysql://[::1/db", "host", 8, "IPv6"},
		{"E08", "mysql://[abc]/db", "host", 8, "IPv6"},
		{"E09", "type://user:pass@protocol://host:port?param=value", "host", 7, "type://protocol://login:password@host:port"},
		{"E10", "a://b://c://d", "host", 9, "a third ://"},
		{"E11", "mysql://host/db?__extra__=notjson", "extra", 16, "not a JSON object"},
		{"E12", "mysql://host/db?__extra__=%5B1%5D", "extra", 16, "not a JSON object"},
		{"E13", "mysql://h℀st/db", "host", 9, "percent-encode it"},
		{"D2 word", "abc", "scheme", 0, "begin with type://"},
		{"D2 path", "host/path", "scheme", 0, "begin with type://"},
		{"D2 underscore", "my_conn_type://h", "scheme", 0, "write - for it"},
		{"D2 digit", "1mysql://host", "scheme", 0, "begin with type://"},
		{"D2 no slash", "username:password?schema=airflow", "scheme", 9, "write //"},
		{"D2 host", "mysql:host", "scheme", 6, "write //"},
		{"D2 list", `[{"conn_type": "x"}]`, "scheme", 0, "or with { for JSON"},
		{"empty", "", "", 0, "blank"},
		{"nothing but controls", " \x00\n", "", 3, "blank"},
		{"not UTF-8", "t://u:\xff@h", "", 0, "not UTF-8"},
		{"offsets count what was dropped", " \tt:/\r/h:\nx", "port", 10, "from 0 to 65535"},
		{"text after brackets", "t://[::1]x", "host", 9, "only :port"},
		{"text before brackets", "t://x[::1]", "host", 5, "brackets outside"},
		{"brackets in the password", "t://u:[::1]@h", "host", 6, encode},
		{"bracket inside brackets", "t://[fe80::1%[x]", "host", 4, "IPv6"},
		{"too many groups", "t://[1:2:3:4:5:6:7:8:9]", "host", 4, "IPv6"},
		{"too few groups", "t://[1:2:3:4:5:6:7]", "host", 4, "IPv6"},
		{"nothing to compress", "t://[1:2:3:4::5:6:7:8]", "host", 4, "IPv6"},
		{"two compressions", "t://[1::2::3]", "host", 4, "IPv6"},
		{"five digits", "t://[12345::]", "host", 4, "IPv6"},
		{"IPv4 in the middle", "t://[::1.2.3.4:1]", "host", 4, "IPv6"},
		{"IPv4 too large", "t://[::1.2.3.256]", "host", 4, "IPv6"},
		{"IPv4 too short", "t://[::1.2.3]", "host", 4, "IPv6"},
		{"IPv4 with a leading zero", "t://[::1.2.3.04]", "host", 4, "IPv6"},
		{"blank zone", "t://[::1%]", "host", 4, "IPv6"},
		{"escape in a zone", "t://[fe80::1%25a%20b]", "host", 4, "IPv6"},
		{"two zones", "t://[::1%a%b]", "host", 4, "IPv6"},
		{"future address without a version", "t://[v.x]", "host", 4, "IPv6"},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, err := secrets.ParseURI(v.uri)
			requireSyntaxError(t, err, v.uri)
			var e *secrets.SyntaxError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, secrets.SyntaxError{Form: "URI", Part: v.part, Offset: v.offset, Reason: e.Reason}, *e)
			assert.Contains(t, e.Reason, v.reason)
			assert.True(t, c.Equal(secrets.Connection{}), "a connection beside the error")
		})
	}
}

// The separators that Unicode's NFKC makes of other characters are refused wherever they are in the authority, and nowhere else.
func TestParseURICompatibilityCharacters(t *testing.T) {
	for _, r := range "⁇⁈⁉℀℁℅℆⩴︓︖﹕﹖﹟﹫＃／：？＠" {
		for _, uri := range []string{"t://u:p" + string(r) + "@h", "t://h" + string(r), "t://u" + string(r) + ":p@h:1/s"} {
			_, err := secrets.ParseURI(uri)
			requireSyntaxError(t, err, uri)
		}
		_, err := secrets.ParseURI("t://h/" + string(r) + "?a=" + string(r))
		require.NoError(t, err)
	}
	_, err := secrets.ParseURI("t://ü:ﬁ½²@höst")
	require.NoError(t, err)
}

func TestSyntaxErrorText(t *testing.T) {
	for want, e := range map[string]secrets.SyntaxError{
		"malformed URI: the text is blank":                      {Form: "URI", Reason: "the text is blank"},
		"malformed URI: port: bad":                              {Form: "URI", Part: "port", Reason: "bad"},
		"malformed JSON: at byte 7: bad":                        {Form: "JSON", Offset: 7, Reason: "bad"},
		"malformed connection: extra, at byte 1: not an object": {Form: "connection", Part: "extra", Offset: 1, Reason: "not an object"},
	} {
		assert.Equal(t, want, e.Error())
	}
}
