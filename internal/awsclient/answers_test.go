package awsclient_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// An answer without an end is given up long before it has filled the memory, be it a value or an error.
func TestAnswersAreBounded(t *testing.T) {
	const planted, most = "pLanted5ecret", 256 << 20 // what the server has to send at an attempt
	chunk := strings.Repeat(planted+" ", 4<<10)
	for name, c := range map[string]struct {
		status int
		class  error
	}{"a value": {200, secrets.ErrMalformed}, "an error": {400, secrets.ErrUnavailable}} {
		t.Run(name, func(t *testing.T) {
			awstest.NoEnvironment(t)
			var whole atomic.Bool
			server := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, `{"Parameter": {"Name": "`)
				for sent := 0; sent < most; sent += len(chunk) {
					if _, err := io.WriteString(w, chunk); err != nil {
						return
					}
				}
				whole.Store(true)
			}))
			err := get(t, awstest.Arguments(server.URL))
			assert.ErrorIs(t, err, c.class)
			assert.False(t, whole.Load(), "the whole answer was read")
			backendtest.NoLeak(t, planted, err)
		})
	}
}
