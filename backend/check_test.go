package backend_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func TestCheckByLookup(t *testing.T) {
	short := func(name string) bool { return len(name) < 30 }
	for name, v := range map[string]struct {
		names backend.Naming
		fails error
		asked string // "": nothing
		want  error
	}{
		"found":           {asked: "airflow/connections/secretchain-check"},
		"absent":          {fails: secrets.ErrNotFound, asked: "airflow/connections/secretchain-check"},
		"denied":          {fails: secrets.ErrDenied, asked: "airflow/connections/secretchain-check", want: secrets.ErrDenied},
		"unforeseen":      {fails: errors.New("?"), asked: "airflow/connections/secretchain-check", want: secrets.ErrUnavailable},
		"connections off": {names: backend.Naming{Connections: backend.Off}, asked: "airflow/variables/secretchain-check"},
		"too long":        {names: backend.Naming{Config: backend.At("c"), Valid: short}, asked: "c/secretchain-check"},
		"all off":         {names: backend.Naming{Connections: backend.Off, Variables: backend.Off, Config: backend.Off}, fails: secrets.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			err := backend.CheckByLookup(t.Context(), &v.names, func(_ context.Context, name string) (string, error) {
				asked = name
				return "", v.fails
			})
			assert.Equal(t, v.asked, asked)
			assert.Equal(t, v.want, secrets.ClassOf(err))
			if err != nil {
				assert.ErrorContains(t, err, asked)
			}
		})
	}
}

func TestCheckByLookupOfAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := backend.CheckByLookup(ctx, new(backend.Naming), func(context.Context, string) (string, error) { return "", secrets.ErrNotFound })
	assert.ErrorIs(t, err, context.Canceled)
}
