// Package sqlalchemy reads SQLAlchemy's database URLs, the form of Airflow's sql_alchemy_conn:
//
//	dialect+driver://user:password@host:port/database?option=value
//
// It splits them as SQLAlchemy does, which is not how net/url does it: a password may hold / ? and #, the database is
// taken as it is, and everything else is percent-decoded. What a database makes of its options is the business of its
// dialect package. No error shows any part of a URL but its scheme.
package sqlalchemy

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/secretchain/secrets"
)

// URL is a database URL taken apart. Zero fields are absent. It is a value; Options is shared by copies.
type URL struct {
	Dialect  string // "postgresql", "mysql", "sqlite": what precedes the +
	Driver   string // "psycopg2", "asyncpg": what follows it, if anything
	User     string
	Password secrets.Secret
	Host     string // without the brackets of an IPv6 address
	Port     int
	Database string
	Options  []Option // in the order given; names may repeat
}

// Option is one name=value of the query.
type Option struct {
	Name  string
	Value secrets.Secret
}

// pattern is SQLAlchemy's own.
var pattern = regexp.MustCompile(`^(?s)([\w+]+)://` + // 1 dialect and driver
	`(?:([^:/]*)(?::([^@]*))?@)?` + // 2 user, 3 password
	`(?:(?:\[([^/?]+)\]|([^/:?]+))?(?::([^/?]*))?)?` + // 4 IPv6 host, 5 host, 6 port
	`(?:/([^?]*))?(?:\?(.*))?$`) // 7 database, 8 options

// Parse takes a URL apart. Names of dialects and drivers come back in lower case.
func Parse(url secrets.Secret) (URL, error) {
	m := pattern.FindStringSubmatch(strings.TrimSpace(url.Reveal()))
	if m == nil {
		return URL{}, errors.New("not a SQLAlchemy URL: write dialect://user:password@host:port/database, with @ / : ? % and # in user and password percent-encoded")
	}
	u := URL{Host: m[4] + m[5], Database: m[7]}
	u.Dialect, u.Driver, _ = strings.Cut(strings.ToLower(m[1]), "+")
	var ok bool
	if u.User, ok = decode(m[2]); !ok {
		return URL{}, u.malformed("user", "has a percent sign without two hexadecimal digits; write it %25")
	}
	password, ok := decode(m[3])
	if !ok {
		return URL{}, u.malformed("password", "has a percent sign without two hexadecimal digits; write it %25")
	}
	u.Password = secrets.NewSecret(password)
	if m[6] != "" {
		port, err := strconv.ParseUint(m[6], 10, 16)
		if err != nil {
			return URL{}, u.malformed("port", "is not a number from 0 to 65535; write : / ? # and @ in the password percent-encoded")
		}
		u.Port = int(port)
	}
	for pair := range strings.SplitSeq(m[8], "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.ReplaceAll(pair, "+", " "), "=")
		if name, ok = decode(name); !ok {
			return URL{}, u.malformed("name of an option", "has a percent sign without two hexadecimal digits")
		}
		if value, ok = decode(value); !ok {
			return URL{}, u.malformed("option "+strconv.Quote(name), "has a percent sign without two hexadecimal digits")
		}
		u.Options = append(u.Options, Option{name, secrets.NewSecret(value)})
	}
	return u, nil
}

// malformed never shows more of the URL than its dialect.
func (u URL) malformed(part, reason string) error {
	return fmt.Errorf("malformed %s URL: the %s %s", u.Dialect, part, reason)
}

// decode undoes percent-encoding.
func decode(text string) (string, bool) {
	if !strings.Contains(text, "%") {
		return text, true
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out = append(out, text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", false
		}
		b, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
		if err != nil || text[i+1] == '+' || text[i+1] == '-' {
			return "", false
		}
		out, i = append(out, byte(b)), i+2
	}
	return string(out), true
}
