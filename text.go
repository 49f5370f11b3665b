package secrets

import (
	"context"
	"strings"
)

// ConnectionsFromText returns what a store's text says is stored under id: one connection in URI or JSON form, with its
// ID set to id. The empty text is [ErrNotFound], as in Airflow; text that is no connection is [ErrMalformed].
// With it a store that can fetch text has GetConnections.
func ConnectionsFromText(id, text string) ([]Connection, error) {
	if text == "" {
		return nil, &Error{Op: "get", Kind: KindConnection, ID: id, Err: ErrNotFound}
	}
	c, err := Parse(text)
	if err != nil {
		return nil, &Error{Op: "get", Kind: KindConnection, ID: id, Err: err}
	}
	if c.ID != "" && c.ID != id {
		return nil, &Error{Op: "get", Kind: KindConnection, ID: id,
			Err: &SyntaxError{Form: "JSON", Part: "conn_id", Reason: "differs from the name it is stored under"}}
	}
	c.ID = id
	return []Connection{c}, nil
}

// CheckText returns the error that ConnectionsFromText returns for id and text. Of a good URI it makes no connection, and
// as a rule it allocates nothing then. It is for stores that read many texts at once, tell at once which of them are no
// connections, and make each connection when it is asked for.
func CheckText(id, text string) error {
	if uri := strings.TrimFunc(text, isPythonSpace); uri != "" && uri[0] != '{' && new(uriParser).split(uri) {
		return nil
	}
	_, err := ConnectionsFromText(id, text)
	return err
}

// ConnURIFromConnections returns the URI form of the first connection that get finds under id.
// With it a store that has GetConnections has GetConnURI.
func ConnURIFromConnections(ctx context.Context, id string, get func(ctx context.Context, id string) ([]Connection, error)) (string, error) {
	conns, err := get(ctx, id)
	if err != nil {
		return "", err
	}
	if len(conns) == 0 {
		return "", &Error{Op: "get", Kind: KindConnection, ID: id, Err: ErrNotFound}
	}
	return conns[0].URI().Reveal(), nil
}
