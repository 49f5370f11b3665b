package secrets

import (
	"context"
	"fmt"
)

// Funcs adapts functions to a [Backend]: the smallest store. Connection returns the text of a connection in URI or
// JSON form, Variable that of a variable; both follow the rules of Backend. A nil function finds nothing.
type Funcs struct {
	Connection func(ctx context.Context, id string) (string, error)
	Variable   func(ctx context.Context, key string) (string, error)
}

var _ Backend = Funcs{}

// GetConnections parses what Connection returns; blank text is not found.
func (f Funcs) GetConnections(ctx context.Context, id string) ([]Connection, error) {
	if f.Connection == nil {
		return nil, &Error{Op: "get", Kind: KindConnection, ID: id, Err: ErrNotFound}
	}
	text, err := f.Connection(ctx, id)
	if err != nil {
		return nil, err
	}
	return ConnectionsFromText(id, text)
}

// GetConnURI returns the connection's URI form, whichever form it is stored in.
func (f Funcs) GetConnURI(ctx context.Context, id string) (string, error) {
	return ConnURIFromConnections(ctx, id, f.GetConnections)
}

// GetVariable returns what Variable returns.
func (f Funcs) GetVariable(ctx context.Context, key string) (string, error) {
	if f.Variable == nil {
		return "", &Error{Op: "get", Kind: KindVariable, ID: key, Err: ErrNotFound}
	}
	return f.Variable(ctx, key)
}

// String says what f is made of, without calling it.
func (f Funcs) String() string {
	return fmt.Sprintf("secrets.Funcs{Connection: %t, Variable: %t}", f.Connection != nil, f.Variable != nil)
}
