package mysql

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

var drivers = []string{"", "mysqldb", "pymysql", "mysqlconnector", "aiomysql", "asyncmy", "mariadbconnector", "cymysql"}

// openURL is Open for SQLAlchemy's mysql:// and mariadb:// URLs of any driver. Understood are, by the names that the
// Python drivers have for them: charset (any form of UTF-8: the store speaks utf8mb4), collation, unix_socket, sql_mode,
// connect_timeout, read_timeout and write_timeout in seconds, use_unicode, and for TLS ssl, ssl_mode, ssl_disabled, ssl_ca,
// ssl_cert, ssl_key, ssl_check_hostname, ssl_verify_cert and ssl_verify_identity. Others are refused.
func openURL(_ context.Context, u sqlalchemy.URL, opts *metastore.Options) (*metastore.Store, error) {
	config, err := translate(u)
	if err != nil {
		return nil, err
	}
	return open(config, opts)
}

func translate(u sqlalchemy.URL) (*mysql.Config, error) {
	if !slices.Contains(drivers, u.Driver) {
		return nil, fmt.Errorf("mysql: the driver %q of the URL is not known: mysqldb, pymysql and mysqlconnector are", u.Driver)
	}
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = u.User, u.Password.Reveal(), u.Database
	port := 3306
	if u.Port != 0 {
		port = u.Port
	}
	host := u.Host
	if host == "" {
		host = "localhost"
	}
	config.Net, config.Addr = "tcp", net.JoinHostPort(host, strconv.Itoa(port))
	var secure security
	for _, o := range u.Options {
		if err := setOption(config, &secure, o.Name, o.Value.Reveal()); err != nil {
			return nil, err
		}
	}
	var err error
	if config.TLS, err = secure.config(host); err != nil {
		return nil, err
	}
	config.AllowFallbackToPlaintext = config.TLS != nil && secure.mode == "PREFERRED"
	return config, nil
}

func setOption(config *mysql.Config, secure *security, name, value string) error {
	bad := func(want string) error { return fmt.Errorf("mysql: the option %s of the URL is not %s", name, want) }
	seconds := func(into *time.Duration) error {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n < 0 || n > 1e6 {
			return bad("a number of seconds")
		}
		*into = time.Duration(n * float64(time.Second))
		return nil
	}
	flag := func(into *bool) error {
		yes, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return bad("true or false")
		}
		*into = yes
		return nil
	}
	switch name {
	case "charset":
		if !slices.Contains([]string{"utf8", "utf8mb3", "utf8mb4"}, strings.ToLower(value)) {
			return bad("utf8mb4")
		}
		return nil
	case "use_unicode":
		var yes bool
		if err := flag(&yes); err != nil || !yes {
			return bad("true")
		}
		return nil
	case "collation":
		config.Collation = value
		return nil
	case "unix_socket":
		config.Net, config.Addr = "unix", value
		return nil
	case "sql_mode":
		config.Params = map[string]string{"sql_mode": "CONCAT('" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value) + "', " + strict + ")"}
		return nil
	case "connect_timeout":
		return seconds(&config.Timeout)
	case "read_timeout":
		return seconds(&config.ReadTimeout)
	case "write_timeout":
		return seconds(&config.WriteTimeout)
	case "ssl":
		return flag(&secure.on)
	case "ssl_disabled":
		return flag(&secure.off)
	case "ssl_check_hostname", "ssl_verify_identity":
		secure.hostGiven = true
		return flag(&secure.host)
	case "ssl_verify_cert":
		secure.chainGiven = true
		return flag(&secure.chain)
	case "ssl_mode":
		secure.mode = strings.ToUpper(value)
		if !slices.Contains([]string{"DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"}, secure.mode) {
			return bad("DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY")
		}
		return nil
	case "ssl_ca":
		secure.ca = value
		return nil
	case "ssl_cert":
		secure.cert = value
		return nil
	case "ssl_key":
		secure.key = value
		return nil
	}
	return fmt.Errorf("mysql: the option %q of the URL is not supported: charset, collation, unix_socket, sql_mode, connect_timeout, "+
		"read_timeout, write_timeout, use_unicode, ssl, ssl_mode, ssl_disabled, ssl_ca, ssl_cert, ssl_key, ssl_check_hostname, "+
		"ssl_verify_cert and ssl_verify_identity are", name)
}
