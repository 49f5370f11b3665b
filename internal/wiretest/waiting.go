package wiretest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

// AnotherWaits has two callers wait for one answer of a server, to a login say. Open makes the store, with silent for what
// gives that answer. Whose context ends first waits no longer, and the other goes on until its own ends.
func AnotherWaits(t *testing.T, open func(silent http.HandlerFunc) secrets.Backend) {
	t.Helper()
	asked := make(chan struct{}, 1)
	b := open(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that its client has gone only after the body
		select {
		case asked <- struct{}{}:
		default: // asked again
		}
		Silence(w, r)
	})
	patient, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	first := make(chan error, 1)
	go func() { _, err := b.GetVariable(patient, "hello"); first <- err }()
	Await(t, asked, "the server to be asked")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	second := make(chan error, 1)
	go func() { _, err := b.GetVariable(ctx, "hello"); second <- err }()
	require.ErrorIs(t, Await(t, second, "the caller whose context has ended"), context.DeadlineExceeded)
	require.Empty(t, first, "the first caller still waits")
	giveUp()
	require.ErrorIs(t, Await(t, first, "the caller that gave up"), context.Canceled)
}
