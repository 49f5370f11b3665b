package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the program prints tells where everything is from, and no secret.
func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, "../../testdata/vectors/metastore/sqlite.sql"))
	text := out.String()
	for _, line := range []string{
		"  [secrets] backend_kwargs     *** (connections_file_path, variables_file_path)         airflow.cfg:12\n",
		"  1  custom                localfs    [secrets] backend is set\n",
		"  3  metastore             metastore  [database] sql_alchemy_conn is set\n",
		"  warehouse       localfs    postgres://etl:***@db.example.com:5432/sales?***\n",
		"  mail            localfs    smtp://robot:***@smtp.example.com:587\n",
		"  cache           env        redis://:***@cache.example.com:6379/0\n",
		"  mysql_old_key   metastore  mysql://root:***@10.1.2.3:3306/shop?***\n",
		"  absent          no layer has it\n",
		"  max_rows        env        ***\n",
		`get variable "lost_key": `,
	} {
		assert.Contains(t, text, line)
	}
	for _, secret := range []string{"example-password", "old-secret", "765dfvRy", "1000"} {
		assert.NotContains(t, text, secret)
	}
}

func TestRunElsewhere(t *testing.T) {
	err := run(t.Context(), &strings.Builder{}, "no/such.sql")
	require.ErrorContains(t, err, "run this program from the root of the repository")
}
