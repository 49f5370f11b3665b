package main

import (
	_ "embed"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/leaktest"
)

// No test leaves a goroutine or a connection behind.
func TestMain(m *testing.M) { leaktest.Main(m) }

//go:embed output.txt
var want string

// The walkthrough prints what output.txt holds, and none of the values that it stores.
func TestWalkthrough(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, filepath.Join(t.TempDir(), "airflow.db")))
	assert.Equal(t, strings.ReplaceAll(want, "\r\n", "\n"), out.String())
	assert.NotContains(t, out.String(), "s3cr3t")
}
