package awsclient

import (
	"context"
	"errors"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// checkID is an id that nobody uses. Asking for it needs what a lookup needs.
const checkID = "secretchain-check"

// Check is a store's Checker: it looks up a name that need not exist, below the first prefix that is on and possible.
// Where nothing is ever looked up nothing is asked.
func Check(ctx context.Context, names *backend.Naming, fetch backend.Fetch) error {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable, secrets.KindConfig} {
		head, on := names.Head(kind)
		name := head + checkID
		if !on || !names.Valid(name) {
			continue
		}
		_, err := fetch(ctx, name)
		if err == nil || errors.Is(err, secrets.ErrNotFound) {
			return nil
		}
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		return &secrets.Error{Op: "check", StoreName: name, Err: err}
	}
	return nil
}
