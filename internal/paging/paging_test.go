package paging

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
)

func TestTurn(t *testing.T) {
	var tokens Tokens
	for _, next := range []string{"a", "b", "", "c", ""} {
		assert.NoError(t, tokens.Turn(next), next)
	}
	for _, again := range []string{"c", "a"} {
		assert.ErrorIs(t, tokens.Turn(again), secrets.ErrUnavailable, again)
	}
	assert.NoError(t, new(Tokens).Turn("a"), "another list")
}
