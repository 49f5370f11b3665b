package sqlalchemy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		url      string
		password string
		want     sqlalchemy.URL
	}{
		"everything": {"postgresql+psycopg2://etl:p%40ss@db.example.com:5432/airflow?sslmode=require", "p@ss",
			sqlalchemy.URL{Dialect: "postgresql", Driver: "psycopg2", User: "etl", Host: "db.example.com", Port: 5432, Database: "airflow"}},
		"no driver":               {"mysql://root@localhost/airflow", "", sqlalchemy.URL{Dialect: "mysql", User: "root", Host: "localhost", Database: "airflow"}},
		"upper case":              {"MySQL+PyMySQL://h", "", sqlalchemy.URL{Dialect: "mysql", Driver: "pymysql", Host: "h"}},
		"slash in the password":   {"postgresql://u:p/w?x#y@h/d", "p/w?x#y", sqlalchemy.URL{Dialect: "postgresql", User: "u", Host: "h", Database: "d"}},
		"plus in the password":    {"postgresql://u:p+w@h/d", "p+w", sqlalchemy.URL{Dialect: "postgresql", User: "u", Host: "h", Database: "d"}},
		"colon in the password":   {"postgresql://u:p:w@h:1/d", "p:w", sqlalchemy.URL{Dialect: "postgresql", User: "u", Host: "h", Port: 1, Database: "d"}},
		"at sign in the user":     {"postgresql://etl@server:pw@h/d", "pw", sqlalchemy.URL{Dialect: "postgresql", User: "etl@server", Host: "h", Database: "d"}},
		"at sign in an option":    {"postgresql://h/d?user=etl@server", "", sqlalchemy.URL{Dialect: "postgresql", Host: "h", Database: "d"}},
		"percent in the password": {"postgresql://u%:100%p%zz%4%@h/d", "100%p%zz%4%", sqlalchemy.URL{Dialect: "postgresql", User: "u%", Host: "h", Database: "d"}},
		"IPv6":                    {"postgresql://u@[::1]:5432/d", "", sqlalchemy.URL{Dialect: "postgresql", User: "u", Host: "::1", Port: 5432, Database: "d"}},
		"no host":                 {"postgresql:///d", "", sqlalchemy.URL{Dialect: "postgresql", Database: "d"}},
		"relative file":           {"sqlite:///airflow.db", "", sqlalchemy.URL{Dialect: "sqlite", Database: "airflow.db"}},
		"absolute file":           {"sqlite:////var/lib/a%20b.db", "", sqlalchemy.URL{Dialect: "sqlite", Database: "/var/lib/a%20b.db"}},
		"Windows file":            {`sqlite:///C:\airflow\airflow.db`, "", sqlalchemy.URL{Dialect: "sqlite", Database: `C:\airflow\airflow.db`}},
		"memory":                  {"sqlite://", "", sqlalchemy.URL{Dialect: "sqlite"}},
		"white space around":      {"  sqlite:///a.db\n", "", sqlalchemy.URL{Dialect: "sqlite", Database: "a.db"}},
		"blank password":          {"mysql://u:@h/d", "", sqlalchemy.URL{Dialect: "mysql", User: "u", Host: "h", Database: "d"}},
		"nothing but the scheme":  {"postgresql://", "", sqlalchemy.URL{Dialect: "postgresql"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sqlalchemy.Parse(secrets.NewSecret(c.url))
			require.NoError(t, err)
			assert.True(t, got.Password.Equal(secrets.NewSecret(c.password)), "password")
			got.Password, got.Options = secrets.Secret{}, nil
			assert.Equal(t, c.want, got)
		})
	}
}

func TestOptionsKeepTheirOrder(t *testing.T) {
	u, err := sqlalchemy.Parse(secrets.NewSecret("postgresql://h/d?host=a:1&host=b%3A2&&options=-csearch_path%3Daf+x&a%=%1&flag="))
	require.NoError(t, err)
	var got []string
	for _, o := range u.Options {
		got = append(got, o.Name+"="+o.Value.Reveal())
	}
	assert.Equal(t, []string{"host=a:1", "host=b:2", "options=-csearch_path=af x", "a%=%1", "flag="}, got)
}

func TestErrorsShowNothing(t *testing.T) {
	for name, url := range map[string]string{
		"blank":                  "",
		"not a URL":              "hunter2",
		"a connection":           "host=h password=hunter2",
		"ampersand in an option": "postgresql://h/d?password=p&hunter2",
		"two lines":              "sqlite:////a.db\nfernet_key = hunter2",
		"lines in options":       "postgresql://h/d?sslmode=x\r\nhunter2",
		"at sign, question mark": "postgresql://u:p@ss?hunter2&x@h/d",
		"at sign first":          "postgresql://u:@hunter2@h/d",
		"at sign, slash":         "postgresql://u:p@ss/hunter2@h/d",
		"at sign first, options": "postgresql://u:@/x?hunter2@h/d",
		"at sign, brackets":      "postgresql://u:p@[ss@hunter2]/d",
		"at sign, then nothing":  "postgresql://u:@?hunter2@h/d",
		"at sign":                "postgresql://u:p@hunter2@h/d",
		"at sign and slash":      "postgresql://u:p@hunter2@h/d@x",
		"bad port":               "postgresql://u@h:hunter2/d",
		"port too large":         "mysql://h:65536/hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlalchemy.Parse(secrets.NewSecret(url))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestPrintsNothing(t *testing.T) {
	u, err := sqlalchemy.Parse(secrets.NewSecret("postgresql://u:hunter2@h/d?password=hunter2"))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, u), "hunter2")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"postgresql+psycopg2://u:p@h:5432/d?a=b", "sqlite:////x", "mysql://[::1]:3306/?x", "a://@:@/", "%", "a+b://%41:%42@%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const planted = "pl4nted-s3cret"
		_, err := sqlalchemy.Parse(secrets.NewSecret(text))
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), text) {
			t.Fatal("the error shows the URL")
		}
		_, err = sqlalchemy.Parse(secrets.NewSecret("mysql://u:" + planted + text + "@h/d"))
		if err != nil && strings.Contains(err.Error(), planted) {
			t.Fatal("the error shows the password")
		}
	})
}
