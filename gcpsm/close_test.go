package gcpsm

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/lazy"
	"github.com/secretchain/secrets/internal/wiretest"
)

// A client that is being made while its Backend is closed is closed too.
func TestCloseWhileTheClientIsMade(t *testing.T) {
	asked, answer, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	b, err := newBackend(&Options{Project: "my-project"}, lazy.New(func(context.Context) (session, error) {
		close(asked)
		<-answer
		return session{project: "my-project", close: func() { close(closed) }}, nil
	}))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { _, err := b.GetVariable(t.Context(), "hello"); ended <- err }()
	wiretest.Await(t, asked, "the client to be made")
	require.NoError(t, b.Close())
	close(answer)
	assert.ErrorIs(t, wiretest.Await(t, ended, "the lookup to end"), secrets.ErrClosed)
	wiretest.Await(t, closed, "the client to be closed")
}
