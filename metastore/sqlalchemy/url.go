// Package sqlalchemy reads SQLAlchemy's database URLs, the form of Airflow's sql_alchemy_conn:
//
//	dialect+driver://user:password@host:port/database?option=value
//
// It splits them as SQLAlchemy does, which is not how net/url does it: a password may hold / ? and #, host and database
// are taken as they are, everything else is percent-decoded, and a percent sign without two hexadecimal digits stands for
// itself. What a database makes of its options is the business of its dialect package. No error shows any part of a URL
// but its scheme.
package sqlalchemy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
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
	`(?:([^:/]*)(:[^@]*)?@)?` + // 2 user, 3 colon and password
	`(?:(?:\[([^/?]+)\]|([^/:?]+))?(?::([^/?]*))?)?` + // 4 IPv6 host, 5 host, 6 port
	`(?:/([^?]*))?(?:\?(.*))?$`) // 7 database, 8 options

// Parse takes a URL apart. Names of dialects and drivers come back in lower case. What is no such URL is ErrMalformed.
func Parse(url secrets.Secret) (URL, error) {
	u, err := parse(url)
	return u, backend.Refused(err)
}

func parse(url secrets.Secret) (URL, error) {
	text := strings.TrimSpace(url.Reveal())
	if strings.ContainsAny(text, "\r\n") { // in airflow.cfg: the next option, indented by mistake
		return URL{}, errors.New("a SQLAlchemy URL is one line, and this one goes on over the next")
	}
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return URL{}, errors.New("not a SQLAlchemy URL: write dialect://user:password@host:port/database, with @ / : ? % and # in user and password percent-encoded")
	}
	u := URL{User: decode(m[2]), Password: secrets.NewSecret(decode(strings.TrimPrefix(m[3], ":"))), Host: m[4] + m[5], Database: m[7]}
	u.Dialect, u.Driver, _ = strings.Cut(strings.ToLower(m[1]), "+")
	if strings.Contains(u.Host, "@") || m[3] != "" && strings.Contains(m[7]+m[8], "@") {
		// The password ended too early: its rest must not be looked up as a host, nor shown as an option.
		return URL{}, u.malformed("password", "is followed by more than one @; write those in it, and in options, as %40")
	}
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
		name, value, ok := strings.Cut(strings.ReplaceAll(pair, "+", " "), "=")
		if !ok { // may be the rest of a password given as an option, which the option's refusal would show as its name
			return URL{}, u.malformed("options", "hold one without a = and a value; write an & that is part of a value as %26")
		}
		u.Options = append(u.Options, Option{decode(name), secrets.NewSecret(decode(value))})
	}
	return u, nil
}

// malformed never shows more of the URL than its dialect.
func (u URL) malformed(part, reason string) error {
	return fmt.Errorf("malformed %s URL: the %s %s", u.Dialect, part, reason)
}

// decode undoes percent-encoding. A percent sign that begins no %XX stands for itself, as in SQLAlchemy: a password that
// works there works here.
func decode(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if b, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				out, i = append(out, b[0]), i+2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}
