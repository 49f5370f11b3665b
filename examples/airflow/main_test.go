package main

import (
	_ "embed"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/leaktest"
)

// No test leaves a goroutine or a connection behind.
func TestMain(m *testing.M) { leaktest.Main(m) }

//go:embed output.txt
var output string

// The program prints what output.txt holds, but for the folder it makes, and none of the secrets that it reads.
func TestRun(t *testing.T) {
	t.Setenv("AIRFLOW_CONFIG", "/not/this.cfg") // an Airflow on the machine does not get in the way
	t.Setenv("AIRFLOW__SECRETS__USE_CACHE", "not this")
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, "../../testdata/vectors/metastore/sqlite.sql"))
	text := regexp.MustCompile(`(?m)^(Configuration file: ).*(airflow\.cfg)$`).ReplaceAllString(out.String(), "$1$2")
	assert.Equal(t, output, text)
	for _, secret := range []string{"example-password", "old-secret", "765dfvRy", "1000"} {
		assert.NotContains(t, text, secret)
	}
}

func TestRunElsewhere(t *testing.T) {
	err := run(t.Context(), &strings.Builder{}, "no/such.sql")
	require.ErrorContains(t, err, "run this program from the root of the repository")
}
