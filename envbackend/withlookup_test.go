package envbackend_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/envbackend"
)

func TestWithLookup(t *testing.T) {
	b, err := envbackend.New(&envbackend.Options{Fallback: true})
	require.NoError(t, err)
	t.Setenv("AIRFLOW_VAR_MINE", "process")
	other := b.WithLookup(func(name string) (string, bool) { return name, name == "AIRFLOW_VAR_A_B" })

	value, err := other.GetVariable(t.Context(), "a-b")
	require.NoError(t, err, "the options are kept")
	assert.Equal(t, "AIRFLOW_VAR_A_B", value)
	_, err = other.GetVariable(t.Context(), "mine")
	require.ErrorIs(t, err, secrets.ErrNotFound, "the process's environment is not read")
	value, err = b.GetVariable(t.Context(), "mine")
	require.NoError(t, err, "the first backend is as it was")
	assert.Equal(t, "process", value)

	file, err := envbackend.New(&envbackend.Options{File: filepath.Join(t.TempDir(), "x.env")})
	require.NoError(t, err)
	assert.Same(t, file, file.WithLookup(nil), "a file has no environment to replace")
}
