package mysql

import (
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/place"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

const planted = "pLanted5ecret"

func parse(t *testing.T, text string) sqlalchemy.URL {
	t.Helper()
	u, err := sqlalchemy.Parse(secrets.NewSecret(text))
	require.NoError(t, err)
	return u
}

func TestTranslatedURLs(t *testing.T) {
	verifies := func(c *mysql.Config) bool {
		return c.TLS != nil && !c.TLS.InsecureSkipVerify && c.TLS.ServerName == "h"
	}
	for name, c := range map[string]struct {
		url  string
		want func(c *mysql.Config) bool
	}{
		"everything": {"mysql+mysqldb://etl:p%40%2Fw@db.example.com:3307/airflow?charset=utf8mb4", func(c *mysql.Config) bool {
			return c.User == "etl" && c.Passwd == "p@/w" && c.Net == "tcp" && c.Addr == "db.example.com:3307" && c.DBName == "airflow" && c.TLS == nil
		}},
		"default port": {"mysql+pymysql://u@h/d", func(c *mysql.Config) bool { return c.Addr == "h:3306" }},
		"no host":      {"mariadb://u@/d", func(c *mysql.Config) bool { return c.Addr == "localhost:3306" }},
		"IPv6":         {"mysql://u@[::1]/d", func(c *mysql.Config) bool { return c.Addr == "[::1]:3306" }},
		"socket":       {"mysql://u@localhost/d?unix_socket=/run/mysqld/mysqld.sock", func(c *mysql.Config) bool { return c.Net == "unix" && c.Addr == "/run/mysqld/mysqld.sock" }},
		"time limits": {"mysql://u@h/d?connect_timeout=5&read_timeout=1.5&write_timeout=2", func(c *mysql.Config) bool {
			return c.Timeout == 5*time.Second && c.ReadTimeout == 1500*time.Millisecond && c.WriteTimeout == 2*time.Second
		}},
		"collation":     {"mysql://u@h/d?collation=utf8mb4_bin&use_unicode=1", func(c *mysql.Config) bool { return c.Collation == "utf8mb4_bin" }},
		"sql_mode":      {"mysql://u@h/d?sql_mode=ANSI", func(c *mysql.Config) bool { return c.Params["sql_mode"] == "CONCAT('ANSI', ',STRICT_ALL_TABLES')" }},
		"TLS":           {"mysql+pymysql://u@h/d?ssl=true", verifies},
		"TLS, identity": {"mysql://u@h/d?ssl_mode=VERIFY_IDENTITY", verifies},
		"TLS, no host":  {"mysql://u@h/d?ssl_mode=verify_ca", func(c *mysql.Config) bool { return c.TLS.InsecureSkipVerify && c.TLS.VerifyConnection != nil }},
		"TLS, host off": {"mysql+pymysql://u@h/d?ssl=true&ssl_check_hostname=false", func(c *mysql.Config) bool { return c.TLS.VerifyConnection != nil }},
		"TLS, unverified": {"mysql://u@h/d?ssl_mode=REQUIRED", func(c *mysql.Config) bool {
			return c.TLS.InsecureSkipVerify && c.TLS.VerifyConnection == nil && !c.AllowFallbackToPlaintext
		}},
		"TLS, if there is": {"mysql://u@h/d?ssl_mode=PREFERRED", func(c *mysql.Config) bool { return c.AllowFallbackToPlaintext }},
		"TLS, chain off":   {"mysql+mysqlconnector://u@h/d?ssl=1&ssl_verify_cert=false", func(c *mysql.Config) bool { return c.TLS.InsecureSkipVerify }},
		"TLS, off":         {"mysql+mysqlconnector://u@h/d?ssl=1&ssl_disabled=True", func(c *mysql.Config) bool { return c.TLS == nil }},
		"TLS, disabled":    {"mysql://u@h/d?ssl_mode=DISABLED", func(c *mysql.Config) bool { return c.TLS == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := translate(parse(t, c.url))
			require.NoError(t, err)
			assert.True(t, c.want(config))
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for url, says := range map[string]string{
		"mysql://u:pLanted5ecret@h/d?init_command=pLanted5ecret":                    `option "init_command"`,
		"mysql://u:pLanted5ecret@h/d?charset=latin1":                                "charset",
		"mysql://u:pLanted5ecret@h/d?connect_timeout=pLanted5ecret":                 "connect_timeout",
		"mysql://u:pLanted5ecret@h/d?ssl=pLanted5ecret":                             "ssl",
		"mysql://u:pLanted5ecret@h/d?ssl_mode=pLanted5ecret":                        "ssl_mode",
		"mysql://u:pLanted5ecret@h/d?ssl_ca=/pLanted5ecret":                         "ssl_ca",
		"mysql://u:pLanted5ecret@h/d?ssl_cert=/pLanted5ecret&ssl_key=pLanted5ecret": "ssl_cert",
		"mysql://u:pLanted5ecret@h/d?use_unicode=0":                                 "use_unicode",
		"mysql+odd://u:pLanted5ecret@h/d":                                           `driver "odd"`,
		"mysql://u:pLanted5ecret@h":                                                 "no database",
	} {
		_, err := openURL(t.Context(), parse(t, url), nil)
		require.ErrorContains(t, err, says)
		backendtest.NoLeak(t, planted, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{"", planted, "u:" + planted + "@tcp(h)", "u:" + planted + "@tcp(h/d", "u:" + planted + "@/", "u:" + planted + "@/d?timeout=" + planted,
		"u:" + planted + "@/d?tls=" + planted} {
		_, err := Open(t.Context(), dsn, nil)
		require.ErrorIs(t, err, secrets.ErrMalformed, "length %d", len(dsn))
		backendtest.NoLeak(t, planted, err)
	}
}

func TestEveryNumberHasAReason(t *testing.T) {
	for _, number := range []uint16{1044, 1045, 3159, 1142, 1452, 1406, 1366, 1267, 1264, 1062, 1213, 1205, 1146, 1046, 1049, 1040, 1290, 1053, 1317, 65535} {
		assert.NotEmpty(t, classifyNumber(number).Reason, number)
	}
}

// An address is told when a server has answered there. Before that it may be a piece of a password.
func TestNameTellsWhereTheServerIs(t *testing.T) {
	d := Dialect{place.New("db.example.com:3306")}
	d.Classify(mysql.ErrInvalidConn)
	assert.Equal(t, "mysql", d.Name(), "nothing has answered")
	d.Classify(&mysql.MySQLError{Number: 1045})
	assert.Equal(t, "mysql db.example.com:3306", d.Name())
}

func TestUnreachableServerIsNamed(t *testing.T) {
	address := wiretest.ClosedPort(t)
	store, err := Open(t.Context(), "u:"+planted+"@tcp("+address+")/d", nil)
	require.NoError(t, err)
	defer store.Close()
	err = store.Check(t.Context())
	require.ErrorContains(t, err, "unavailable: mysql: the server at "+address+" cannot be reached: connection refused")
	backendtest.NoLeak(t, planted, err)
}
