package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

// passed are the options that libpq and pgx understand alike.
var passed = []string{"host", "port", "user", "password", "dbname", "passfile", "connect_timeout", "sslmode", "sslkey", "sslcert",
	"sslrootcert", "sslpassword", "sslsni", "sslnegotiation", "krbsrvname", "target_session_attrs", "service", "channel_binding",
	"require_auth", "application_name", "fallback_application_name", "options"}

var drivers = []string{"", "psycopg2", "psycopg2cffi", "psycopg", "psycopg_async", "asyncpg", "pg8000", "pygresql"}

// openURL is Open for SQLAlchemy's postgresql:// URLs of any driver. Options of libpq go through, host may repeat and
// carry a port; asyncpg's ssl is sslmode; client_encoding must be UTF-8, which is what the store speaks. Others are refused.
func openURL(ctx context.Context, u sqlalchemy.URL, opts *metastore.Options) (*metastore.Store, error) {
	dsn, err := translate(u)
	if err != nil {
		return nil, err
	}
	return Open(ctx, dsn, opts)
}

// translate returns the URL as key=value pairs.
func translate(u sqlalchemy.URL) (dsn string, err error) {
	if !slices.Contains(drivers, u.Driver) {
		return "", fmt.Errorf("postgres: the driver %q of the URL is not known: psycopg2, psycopg and asyncpg are", u.Driver)
	}
	settings := map[string]string{"user": u.User, "password": u.Password.Reveal(), "dbname": u.Database, "host": u.Host}
	if u.Port != 0 {
		settings["port"] = strconv.Itoa(u.Port)
	}
	var hosts, ports []string
	for _, o := range u.Options {
		value := o.Value.Reveal()
		switch {
		case o.Name == "host":
			host, port := splitHost(value)
			hosts, ports = append(hosts, host), append(ports, port)
		case o.Name == "ssl": // asyncpg
			settings["sslmode"] = map[string]string{"true": "require", "false": "disable"}[strings.ToLower(value)]
			if settings["sslmode"] == "" {
				settings["sslmode"] = value
			}
		case o.Name == "client_encoding":
			if encoding := strings.ToLower(strings.ReplaceAll(value, "-", "")); encoding != "utf8" && encoding != "unicode" {
				return "", errors.New("postgres: the option client_encoding of the URL must be utf8, or be left out")
			}
		case slices.Contains(passed, o.Name):
			settings[o.Name] = value
		default:
			return "", fmt.Errorf("postgres: the option %q of the URL is not supported: %s, ssl and client_encoding are", o.Name, strings.Join(passed, ", "))
		}
	}
	if settings["application_name"] == "" { // pgx knows no fallback for it
		settings["application_name"] = settings["fallback_application_name"]
	}
	delete(settings, "fallback_application_name")
	if len(hosts) > 0 {
		settings["host"] = strings.Join(hosts, ",")
		if strings.Join(ports, "") != "" {
			settings["port"] = strings.Join(ports, ",")
		}
	}
	var pairs []string
	for name, value := range settings {
		if value != "" {
			pairs = append(pairs, name+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)+"'")
		}
	}
	if len(pairs) == 0 {
		pairs = []string{"dbname=''"} // everything from libpq's environment
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " "), nil
}

// splitHost takes host:port apart. The folder of a socket and an IPv6 address without brackets have no port.
func splitHost(text string) (host, port string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.HasPrefix(text, "/") {
		return strings.Trim(text, "[]"), ""
	}
	return host, port
}
