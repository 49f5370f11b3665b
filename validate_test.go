package secrets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func TestValidate(t *testing.T) {
	for _, id := range []string{"12312312312213___12312321", "a_valid_conn_id_!!##", "a_-.11", "team/db:main", `a\b`, "größe", "ключ", "a٥", "(x)",
		strings.Repeat("ж", 250)} {
		assert.NoError(t, secrets.Connection{ID: id}.Validate(), id)
	}
	full := secrets.Connection{ID: "c", Type: "my_type", Description: "d", Host: "h", Schema: "s", Login: "l", Password: secrets.NewSecret("p"),
		Port: 65535, Extra: secrets.NewSecret(` {"a": 1}`)}
	require.NoError(t, full.Validate())
	full.Extra = secrets.NewSecret(" ")
	require.NoError(t, full.Validate())
}

func TestValidateRefused(t *testing.T) {
	for _, v := range []struct {
		name, part string
		change     func(*secrets.Connection)
	}{
		{"markup", "id", func(c *secrets.Connection) { c.ID = "<script>alert(1)</script>" }},
		{"space", "id", func(c *secrets.Connection) { c.ID = "my conn" }},
		{"at", "id", func(c *secrets.Connection) { c.ID = "a@b" }},
		{"percent", "id", func(c *secrets.Connection) { c.ID = "a%b" }},
		{"blank", "id", func(c *secrets.Connection) { c.ID = "" }},
		{"long", "id", func(c *secrets.Connection) { c.ID = strings.Repeat("a", 251) }},
		{"newline", "id", func(c *secrets.Connection) { c.ID = "abc\n" }},
		{"not UTF-8", "id", func(c *secrets.Connection) { c.ID = "a\xff" }},
		{"negative", "port", func(c *secrets.Connection) { c.Port = -1 }},
		{"large", "port", func(c *secrets.Connection) { c.Port = 65536 }},
		{"text", "extra", func(c *secrets.Connection) { c.Extra = secrets.NewSecret("x") }},
		{"list", "extra", func(c *secrets.Connection) { c.Extra = secrets.NewSecret("[]") }},
		{"two objects", "extra", func(c *secrets.Connection) { c.Extra = secrets.NewSecret("{}{}") }},
		{"bytes", "extra", func(c *secrets.Connection) { c.Extra = secrets.NewSecret("{\"\xff\": 1}") }},
		{"bytes", "type", func(c *secrets.Connection) { c.Type = "\xff" }},
		{"bytes", "description", func(c *secrets.Connection) { c.Description = "\xff" }},
		{"bytes", "host", func(c *secrets.Connection) { c.Host = "\xff" }},
		{"bytes", "schema", func(c *secrets.Connection) { c.Schema = "\xff" }},
		{"bytes", "login", func(c *secrets.Connection) { c.Login = "\xff" }},
		{"bytes", "password", func(c *secrets.Connection) { c.Password = secrets.NewSecret("\xff") }},
	} {
		t.Run(v.part+" "+v.name, func(t *testing.T) {
			c := secrets.Connection{ID: "c"}
			v.change(&c)
			err := c.Validate()
			requireSyntaxError(t, err, "")
			var e *secrets.SyntaxError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, secrets.SyntaxError{Form: "connection", Part: v.part, Reason: e.Reason}, *e)
		})
	}
}
