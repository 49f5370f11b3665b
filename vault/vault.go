package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// Backend looks secrets up in the key/value engines of one server. It is safe for concurrent use. Close ends what Open has
// made, a login under way included, and leaves the client of New to its owner; later calls fail with ErrClosed.
type Backend struct {
	*backend.TextStore
	reader Reader
	where  func() string // names the server in errors
	opts   Options
}

var (
	_ secrets.Backend      = (*Backend)(nil)
	_ secrets.ConfigGetter = (*Backend)(nil)
	_ secrets.Lister       = (*Backend)(nil)
	_ secrets.Checker      = (*Backend)(nil)
	_ secrets.Namer        = (*Backend)(nil)
	_ io.Closer            = (*Backend)(nil)
)

// Reader is the one call that a Backend makes. Logical of the vendor's [api.Client] is one.
type Reader interface {
	ReadRawWithDataWithContext(ctx context.Context, path string, data map[string][]string) (*api.Response, error)
}

// New returns a Backend that reads through client.Logical() of a client that is the caller's: its address, namespace, TLS,
// retries and token, which the caller keeps alive. The options from Address on are not used. New does no I/O; its error
// is that of options that cannot be used, of class ErrMalformed.
func New(client Reader, opts *Options) (*Backend, error) {
	if client == nil {
		return nil, backend.Refused(errors.New("vault: the client is nil"))
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	return newBackend(client, func() string { return "Vault" }, o, func() {}), nil
}

// Open returns a Backend that makes its own client and logs in, both at the first lookup. It does no I/O and does not read
// the environment; its error is that of options that cannot be used, of class ErrMalformed. Ctx is not used.
func Open(_ context.Context, opts *Options) (*Backend, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	a := newAuthorized(o)
	return newBackend(a, a.where, o, a.close), nil
}

// newBackend makes the Backend of a reader. Where names the server in errors, end releases what Open made.
func newBackend(reader Reader, where func() string, o Options, end func()) *Backend {
	b := &Backend{reader: reader, where: where, opts: o}
	more := backend.TextOptions{Connections: connections, Text: value, Check: b.check, Close: func() error { end(); return nil }}
	if !o.MountFromID && !o.Teams.on() { // else there is no one folder to list
		more.List = b.list
	}
	b.TextStore = backend.NewTextStore(b.fetch, o.naming(), more)
	return b
}

// String names the store without what it holds.
func (b *Backend) String() string { return "vault" }

// fetch returns the JSON of the secret's keys and values.
func (b *Backend) fetch(ctx context.Context, name string) (string, error) {
	mount, path := b.opts.split(name)
	if b.opts.kvVersion() == 2 {
		path = mount + "/data/" + path
	} else {
		path = name
	}
	answer, err := b.read(ctx, path, nil, backend.MaxText)
	if err != nil {
		return "", err
	}
	return fields(answer, b.opts.kvVersion())
}

// read returns the body of an answer, which must not be longer than limit. Its errors are classified.
func (b *Backend) read(ctx context.Context, path string, data map[string][]string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx) // the vendor's client leaves a timer behind that ends with this
	defer cancel()
	resp, err := b.reader.ReadRawWithDataWithContext(ctx, path, data)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }()
	}
	if err != nil {
		return nil, classify(err, b.where())
	}
	if resp.StatusCode >= http.StatusMultipleChoices { // the vendor's client follows one redirection
		return nil, fmt.Errorf("%w: %s answered %d, which is not followed: give the address of the active server", secrets.ErrUnavailable, b.where(), resp.StatusCode)
	}
	body, err := readAll(resp, limit)
	if err != nil {
		return nil, classify(err, b.where())
	}
	return body, nil
}

func readAll(resp *api.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, errTooLong
	}
	size := max(resp.ContentLength, 0) + 512 // room for the read that finds the end
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, errTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}
