package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// requireSyntaxError requires an error of the right kind that points into text.
func requireSyntaxError(t testing.TB, err error, text string) {
	t.Helper()
	var syntax *secrets.SyntaxError
	require.True(t, errors.As(err, &syntax), "not a SyntaxError")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	require.Equal(t, secrets.ErrMalformed, secrets.ClassOf(err))
	require.NotEmpty(t, syntax.Reason)
	require.Condition(t, func() bool { return 0 <= syntax.Offset && syntax.Offset <= len(text) }, "the offset is outside the text")
}

func leaks(printed, planted string) bool {
	return strings.Contains(strings.ToLower(printed), strings.ToLower(planted))
}

func TestLeaksItself(t *testing.T) {
	assert.True(t, leaks("xHUNTERx", "hunter"))
	assert.False(t, leaks("x", "hunter"))
}
