package azurekv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/lazy"
	"github.com/secretchain/secrets/internal/paging"
)

// Client is the part of [azsecrets.Client] that is used.
type Client interface {
	GetSecret(ctx context.Context, name, version string, options *azsecrets.GetSecretOptions) (azsecrets.GetSecretResponse, error)
	NewListSecretPropertiesPager(options *azsecrets.ListSecretPropertiesOptions) *azruntime.Pager[azsecrets.ListSecretPropertiesResponse]
}

var _ Client = (*azsecrets.Client)(nil)

// Backend reads from one vault. It is safe for concurrent use. Close lets go of the connections of the client that Open has
// made, and leaves that of New to its owner; later calls fail with ErrClosed.
type Backend struct {
	*backend.TextStore
	names   backend.Naming
	vault   string // "" for New: a client does not tell its vault
	timeout time.Duration
	session *lazy.Value[session]
}

var (
	_ secrets.Backend      = (*Backend)(nil)
	_ secrets.ConfigGetter = (*Backend)(nil)
	_ secrets.Lister       = (*Backend)(nil)
	_ secrets.Checker      = (*Backend)(nil)
	_ secrets.Namer        = (*Backend)(nil)
	_ io.Closer            = (*Backend)(nil)
)

// session is a client with its login.
type session struct {
	client Client
	login  *login // nil for New
	close  func()
}

// New returns a Backend over a client that the caller keeps. What the options say of the vault, of logging in and of
// making a client is not used. The client reads answers of any length, where Open's gives up above the length of a text
// that can be used. The error is that of options that cannot be used; its class is ErrMalformed.
func New(client Client, opts *Options) (*Backend, error) {
	if client == nil {
		return nil, backend.Refused(errors.New("azurekv: the client is nil"))
	}
	return newBackend(opts.orZero(), "", lazy.Of(session{client: client, close: func() {}}))
}

// Open returns a Backend of Options.VaultURL with the login that the options say, or the default one. It does no I/O:
// the client is made, and logs in, at the first use, once; what fails then is tried again at the next use. The error is
// that of options that cannot be used; its class is ErrMalformed.
func Open(_ context.Context, opts *Options) (*Backend, error) {
	o := *opts.orZero()
	if err := o.validateLogin(); err != nil {
		return nil, backend.Refused(fmt.Errorf("azurekv: %w", err))
	}
	return newBackend(&o, o.VaultURL, lazy.New(o.open))
}

func newBackend(o *Options, vault string, s *lazy.Value[session]) (*Backend, error) {
	if err := o.validate(); err != nil {
		return nil, backend.Refused(fmt.Errorf("azurekv: %w", err))
	}
	b := &Backend{names: o.naming(), vault: vault, timeout: o.timeout(), session: s}
	b.TextStore = backend.NewTextStore(b.fetch, b.names, backend.TextOptions{List: b.list, Check: b.check, Close: b.close})
	return b, nil
}

// close closes the idle connections of the client that Open has made.
func (b *Backend) close() error {
	b.session.Close(secrets.ErrClosed, func(s session) { s.close() })
	return nil
}

// String tells the vault, and nothing of the credentials.
func (b *Backend) String() string { return fmt.Sprintf("azurekv.Backend(%s)", b.vault) }

// Format writes String, whatever the verb.
func (b *Backend) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }

// fetch returns the value of a secret's newest version.
func (b *Backend) fetch(ctx context.Context, name string) (text string, err error) {
	err = b.call(ctx, func(ctx context.Context, client Client) error {
		answer, err := client.GetSecret(ctx, name, "", nil)
		if err != nil {
			return failure(err)
		}
		if answer.Value == nil {
			return fmt.Errorf("%w: the answer has no value", secrets.ErrMalformed)
		}
		text = *answer.Value
		return nil
	})
	return text, err
}

// list yields the names of all secrets of the vault. The service ignores the case of letters, so a name that begins
// with head in other letters is given head's.
func (b *Backend) list(ctx context.Context, head string, yield func(name string) bool) error {
	return b.call(ctx, func(ctx context.Context, client Client) error {
		var tokens paging.Tokens
		for pager := client.NewListSecretPropertiesPager(nil); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return listFailure(err)
			}
			for _, secret := range page.Value {
				if secret == nil || secret.ID == nil {
					return fmt.Errorf("%w: the list has an entry without a name", secrets.ErrMalformed)
				}
				name := secretName(string(*secret.ID))
				if len(name) >= len(head) && strings.EqualFold(name[:len(head)], head) {
					name = head + name[len(head):]
				}
				if !yield(name) {
					return nil
				}
			}
			if page.NextLink != nil {
				if err := tokens.Turn(*page.NextLink); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// secretName is the last part of https://<vault>/secrets/<name>.
func secretName(id string) string {
	_, path, _ := strings.Cut(id, "/secrets/")
	name, _, _ := strings.Cut(path, "/")
	return name
}

func (b *Backend) check(ctx context.Context) error {
	return backend.CheckByLookup(ctx, &b.names, b.fetch)
}

// call runs f with the client, under a deadline.
func (b *Backend) call(ctx context.Context, f func(ctx context.Context, client Client) error) (err error) {
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.timeout)
		defer cancel()
	}
	s, err := b.session.Get(ctx)
	if err != nil {
		return failure(err)
	}
	leave, err := s.login.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	defer recoverChallenge(&err)
	return f(ctx, s.client)
}

// recoverChallenge makes an error of the one panic that a server can cause: Microsoft's client takes a challenge apart by
// position, and goes out of range where it is cut short, as a broken proxy may send it.
func recoverChallenge(err *error) {
	switch p := recover().(type) {
	case nil:
	case runtime.Error:
		*err = fmt.Errorf("%w: the server asks for a login in a way that is not Key Vault's; check vault_url", secrets.ErrUnavailable)
	default:
		panic(p)
	}
}
