package secrets_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// writeRows is the table of specification, connection §9, less the rows that differ from another only in null and blank.
var writeRows = []struct {
	name string
	conn row
	want string
}{
	{"G01", row{"", "", 0, "", "", "", ""}, "//"},
	{"G02", row{"", "abc", 0, "", "", "", ""}, "//abc"},
	{"G03", row{"aws", "", 0, "", "", "", ""}, "aws://"},
	{"G04", row{"Google_Cloud_Platform", "", 0, "", "", "", ""}, "google-cloud-platform://"},
	{"G05", row{"postgres", "h", 0, "", "", "", ""}, "postgres://h"},
	{"G06", row{"sqlite", "/tmp/sqlite_default.db", 0, "", "", "", ""}, "sqlite://%2Ftmp%2Fsqlite_default.db"},
	{"G07", row{"mysql", "myhost.com", 0, "myname", "mypassword", "", `{"this_param": "some val", "that_param": "other val*"}`}, "mysql://myname:mypassword@myhost.com/?this_param=some+val&that_param=other+val%2A"},
	{"G08", row{"mysql", "myhost.com", 0, "myname", "mypassword", "db", `{"this_param": "some val", "that_param": "other val*"}`}, "mysql://myname:mypassword@myhost.com/db?this_param=some+val&that_param=other+val%2A"},
	{"G09", row{"google_cloud_platform", "", 0, "", "", "", `{"key_path": "/keys/key.json", "project": "airflow"}`}, "google-cloud-platform:///?key_path=%2Fkeys%2Fkey.json&project=airflow"},
	{"G10", row{"type", "host", 100, "user", "pass", "schema", `{"param1": "val1", "param2": "val2"}`}, "type://user:pass@host:100/schema?param1=val1&param2=val2"},
	{"G11", row{"type", "protocol://host", 100, "", "", "schema", `{"param1": "val1", "param2": "val2"}`}, "type://protocol://host:100/schema?param1=val1&param2=val2"},
	{"G12", row{"type", "protocol://host", 100, "user", "pass", "schema", `{"param1": "val1", "param2": "val2"}`}, "type://protocol://user:pass@host:100/schema?param1=val1&param2=val2"},
	{"G13", row{"http", "http://host", 0, "", "", "", ""}, "http://http%3A%2F%2Fhost"},
	{"G14", row{"http", "https://host/", 8443, "", "", "", ""}, "http://https://host%2F:8443"},
	{"G15", row{"spark", "k8s://100.68.0.1:443", 0, "", "", "", ""}, "spark://k8s://100.68.0.1%3A443"},
	{"G16", row{"mysql", "a://b://c", 0, "", "", "", ""}, "mysql://a://b%3A%2F%2Fc"},
	{"G17", row{"scheme", "host/location:x:y", 1234, "", "", "", ""}, "scheme://host%2Flocation%3Ax%3Ay:1234"},
	{"G18", row{"mysql", "::1", 3306, "", "", "", ""}, "mysql://%3A%3A1:3306"},
	{"G19", row{"mysql", "hôte", 0, "", "pé", "", ""}, "mysql://:p%C3%A9@h%C3%B4te"},
	{"G20", row{"scheme", "", 1234, "", "", "", ""}, "scheme://@:1234"},
	{"G21", row{"scheme", "", 1234, "", "", "db", ""}, "scheme://@:1234/db"},
	{"G22", row{"scheme", "", 1234, "u", "", "", ""}, "scheme://u@:1234"},
	{"G23", row{"scheme", "", 1234, "", "p", "", ""}, "scheme://:p@:1234"},
	{"G26", row{"scheme", "h", 0, "", "p", "", ""}, "scheme://:p@h"},
	{"G27", row{"scheme", "h", 0, "u", "", "", ""}, "scheme://u@h"},
	{"G29", row{"scheme", "", 0, "", "", "airflow", ""}, "scheme:///airflow"},
	{"G30", row{"scheme", "", 0, "", "", "a/b?c#d", ""}, "scheme:///a%2Fb%3Fc%23d"},
	{"G31", row{"scheme", "", 0, "", `pass :/!@#$%^&*(){}"~-._`, "", ""}, "scheme://:pass%20%3A%2F%21%40%23%24%25%5E%26%2A%28%29%7B%7D%22~-._@"},
	{"G32", row{"scheme", "h", 0, `domain\user`, "p+q r", "", ""}, "scheme://domain%5Cuser:p%2Bq%20r@h"},
	{"G34", row{"mysql", "h", 0, "", "", "", "{}"}, "mysql://h/?__extra__=%7B%7D"},
	{"G35", row{"mysql", "h", 0, "", "", "", `{"a": ""}`}, "mysql://h/?a="},
	{"G36", row{"mysql", "h", 0, "", "", "", `{"": "v"}`}, "mysql://h/?=v"},
	{"G37", row{"mysql", "h", 0, "", "", "", `{"k&=": "v/+ %"}`}, "mysql://h/?k%26%3D=v%2F%2B+%25"},
	{"G38", row{"mysql", "h", 0, "", "", "", `{"cl\u00e9": "\u00e9"}`}, "mysql://h/?cl%C3%A9=%C3%A9"},
	{"G39", row{"mysql", "h", 0, "", "", "", `{"a": "1"}`}, "mysql://h/?a=1"},
	{"G40", row{"mysql", "h", 0, "", "", "", `{"a": 1}`}, "mysql://h/?__extra__=%7B%22a%22%3A+1%7D"},
	{"G41", row{"mysql", "h", 0, "", "", "", `{"a": true, "b": "x"}`}, "mysql://h/?__extra__=%7B%22a%22%3A+true%2C+%22b%22%3A+%22x%22%7D"},
	{"G42", row{"mysql", "h", 0, "", "", "", `{"a": null}`}, "mysql://h/?__extra__=%7B%22a%22%3A+null%7D"},
	{"G43", row{"mysql", "h", 0, "", "", "", `{"b":"2","a":"1"}`}, "mysql://h/?b=2&a=1"},
	{"G44", row{"mysql", "h", 0, "", "", "", `{"a":1 , "b":[ ]}`}, "mysql://h/?__extra__=%7B%22a%22%3A1+%2C+%22b%22%3A%5B+%5D%7D"},
	{"G45", row{"scheme", "host/location", 1234, "user", "password", "schema", `{"my_val": ["list", "of", "values"], "extra": {"nested": {"json": "val"}}}`}, "scheme://user:password@host%2Flocation:1234/schema?__extra__=%7B%22my_val%22%3A+%5B%22list%22%2C+%22of%22%2C+%22values%22%5D%2C+%22extra%22%3A+%7B%22nested%22%3A+%7B%22json%22%3A+%22val%22%7D%7D%7D"},

	// Beyond the specification.
	{"no type, host with a protocol", row{"", "k8s://h", 0, "", "", "", ""}, "//k8s%3A%2F%2Fh"},
	{"no type, schema alone", row{"", "", 0, "", "", "s", ""}, "///s"},
	{"type that would be read as an authority", row{"//h:80/", "", 0, "", "", "", ""}, "%2F%2Fh%3A80%2F://"},
	{"type that would be read as a protocol", row{"a://b", "h", 0, "", "", "", ""}, "a%3A%2F%2Fb://h"},
	{"key of an extra with escapes", row{"t", "h", 0, "", "", "", `{"\u0061\ud83d\ude00\/\b\f\n\r\t": "\"\\"}`}, "t://h/?a%F0%9F%98%80%2F%08%0C%0A%0D%09=%22%5C"},
	{"half of a surrogate pair", row{"t", "h", 0, "", "", "", `{"a": "\ud83dx"}`}, "t://h/?__extra__=%7B%22a%22%3A+%22%5Cud83dx%22%7D"},
	{"blank extra", row{"t", "h", 0, "", "", "", " \n"}, "t://h"},
	{"space around an extra", row{"t", "h", 0, "", "", "", ` {"a" : "b" } `}, "t://h/?a=b"},
}

func TestURI(t *testing.T) {
	for _, v := range writeRows {
		t.Run(v.name, func(t *testing.T) {
			assert.Equal(t, v.want, v.conn.connection().URI().Reveal())
		})
	}
}

// isPlainType reports whether a type can be the scheme of a URI.
func isPlainType(connType string) bool {
	return connType == "" || plainType.MatchString(connType)
}

var plainType = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+._-]*$`)

// Every row is read back equal, but for a type that no URI can hold, which is refused, and one in upper case.
func TestURIReadBack(t *testing.T) {
	for _, v := range writeRows {
		t.Run(v.name, func(t *testing.T) {
			c, err := secrets.ParseURI(v.want)
			if !isPlainType(v.conn.Type) {
				requireSyntaxError(t, err, v.want)
				return
			}
			require.NoError(t, err)
			if v.name == "G04" {
				v.conn.Type = "google_cloud_platform"
			}
			assert.True(t, c.Equal(v.conn.connection()))
		})
	}
}
