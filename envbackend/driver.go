package envbackend

import (
	"context"
	"encoding/json"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.Register(backend.Driver{Name: "env", ClassPaths: backend.ClassPaths("env"), Open: open})
}

// open makes the backend of Airflow's kwargs, of which there are none.
func open(_ context.Context, kwargs json.RawMessage) (secrets.Backend, error) {
	var none struct{}
	if err := backend.DecodeKwargs(kwargs, &none); err != nil {
		return nil, err
	}
	return New(nil)
}
