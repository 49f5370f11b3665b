package backend

import (
	"context"

	"github.com/secretchain/secrets"
)

// checkID is an id that nobody uses.
const checkID = "secretchain-check"

// CheckByLookup is a Check for stores in which a lookup takes a permission of its own: it fetches a name that need not
// exist, secretchain-check of the first kind that is on and under which the store could hold it, so that what is needed
// is what a lookup needs. Where nothing is ever looked up nothing is asked.
func CheckByLookup(ctx context.Context, names *Naming, fetch Fetch) error {
	for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindVariable, secrets.KindConfig} {
		name, ok := names.name(kind, checkID)
		if !ok {
			continue
		}
		_, err := fetch(ctx, name)
		if err == nil {
			return nil
		}
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		if secrets.ClassOf(err) == secrets.ErrNotFound {
			return nil
		}
		return &secrets.Error{Op: "check", StoreName: names.full(name), Err: err}
	}
	return nil
}
