package gcpsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/lazy"
	"github.com/secretchain/secrets/internal/paging"
)

// Client is the part of [secretmanager.Client] that is used.
type Client interface {
	AccessSecretVersion(ctx context.Context, req *secretmanagerpb.AccessSecretVersionRequest, opts ...gax.CallOption) (*secretmanagerpb.AccessSecretVersionResponse, error)
	ListSecrets(ctx context.Context, req *secretmanagerpb.ListSecretsRequest, opts ...gax.CallOption) *secretmanager.SecretIterator
}

var _ Client = (*secretmanager.Client)(nil)

// Backend reads from one project's secrets. It is safe for concurrent use. Close closes the client that Open has made, and
// leaves that of New to its owner; later calls fail with ErrClosed, and so do those of Open's client that run.
type Backend struct {
	*backend.TextStore
	names   backend.Naming
	project string // "": the session's
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

// session is a client with the project that it reads from.
type session struct {
	client  Client
	project string
	close   func()
}

// New returns a Backend over a client that the caller keeps and closes. Options.Project is required; what the options
// say of credentials and of making a client is not used. A client of Google's own making takes answers of up to 2 GiB,
// where Open's gives up above the length of a text that can be used: grpc.MaxCallRecvMsgSize limits it. The error is that of
// options that cannot be used; its class is ErrMalformed.
func New(client Client, opts *Options) (*Backend, error) {
	o := opts.orZero()
	switch {
	case client == nil:
		return nil, backend.Refused(errors.New("gcpsm: the client is nil"))
	case o.Project == "":
		return nil, backend.Refused(errors.New("gcpsm: Options.Project is blank, and a client does not tell its project"))
	}
	s := session{client: client, project: o.Project, close: func() {}}
	return newBackend(o, lazy.Of(s))
}

// Open returns a Backend with the credentials that the options name, or Application Default Credentials. It does no
// I/O: files are read, and the client is made, at the first use, once; what fails then is tried again at the next use. The
// error is that of options that cannot be used; its class is ErrMalformed.
func Open(_ context.Context, opts *Options) (*Backend, error) {
	o := *opts.orZero()
	return newBackend(&o, lazy.New(o.open))
}

func newBackend(o *Options, s *lazy.Value[session]) (*Backend, error) {
	if err := o.validate(); err != nil {
		return nil, backend.Refused(fmt.Errorf("gcpsm: %w", err))
	}
	b := &Backend{names: o.naming(), project: o.Project, timeout: o.timeout(), session: s}
	b.names.Full = b.fullName
	warnOfPrefixes(o.Logger, &b.names)
	b.TextStore = backend.NewTextStore(b.fetch, b.names, backend.TextOptions{List: b.list, Check: b.check, Close: b.close})
	return b, nil
}

// StoreName answers the full name of the version that is asked for first. Without a project in the options it asks the
// credentials, which may read a file or ask the metadata server; while there is no answer, and after Close, the name
// begins with secrets.
func (b *Backend) StoreName(kind secrets.Kind, id string) (name string, ok bool) {
	name, ok = b.TextStore.StoreName(kind, id)
	if name == "" || b.project != "" {
		return name, ok
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(b.timeout, namePatience))
	defer cancel()
	if _, err := b.use(ctx); err != nil {
		return name, false
	}
	return b.TextStore.StoreName(kind, id)
}

// namePatience is how long StoreName, which has no context, waits for a project.
const namePatience = 2 * time.Second

// fullName is the full name of a secret's latest version, as far as it is known without asking.
func (b *Backend) fullName(name string) string {
	project := b.project
	if project == "" {
		s, _ := b.session.Made()
		project = s.project
	}
	return versionName(project, name)
}

// close closes the client that Open has made, so that the calls that run fail.
func (b *Backend) close() error {
	b.session.Close(secrets.ErrClosed, func(s session) { s.close() })
	return nil
}

// String tells the project, and nothing of the credentials.
func (b *Backend) String() string { return fmt.Sprintf("gcpsm.Backend(%s)", b.project) }

// Format writes String, whatever the verb.
func (b *Backend) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }

// fetch returns the payload of a secret's latest version.
func (b *Backend) fetch(ctx context.Context, name string) (string, error) {
	ctx, cancel := b.bound(ctx)
	defer cancel()
	s, err := b.use(ctx)
	if err != nil {
		return "", err
	}
	c := call{project: s.project, name: name}
	req := &secretmanagerpb.AccessSecretVersionRequest{Name: versionName(s.project, name)}
	resp, err := s.client.AccessSecretVersion(ctx, req, &c)
	if err != nil {
		awaitEnd(ctx, err)
		return "", c.failure(err)
	}
	return payload(resp)
}

// list yields the names of all secrets of the project.
func (b *Backend) list(ctx context.Context, _ string, yield func(name string) bool) error {
	ctx, cancel := b.bound(ctx)
	defer cancel()
	s, err := b.use(ctx)
	if err != nil {
		return err
	}
	c := call{project: s.project}
	it := s.client.ListSecrets(ctx, &secretmanagerpb.ListSecretsRequest{Parent: "projects/" + s.project, PageSize: pageSize}, &c)
	var tokens paging.Tokens
	for secret, err := range it.All() {
		if err != nil {
			awaitEnd(ctx, err)
			return c.failure(err)
		}
		if !yield(lastPart(secret.GetName())) {
			return nil
		}
		if page := it.PageInfo(); page.Remaining() == 0 {
			if err := tokens.Turn(page.Token); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageSize keeps a page of secrets, with their labels and annotations, below the limit of one answer.
const pageSize = 1000

// check takes a secret that may be read for a good answer, whatever it holds.
func (b *Backend) check(ctx context.Context) error {
	return backend.CheckByLookup(ctx, &b.names, func(ctx context.Context, name string) (string, error) {
		_, err := b.fetch(ctx, name)
		if errors.Is(err, secrets.ErrMalformed) {
			err = nil
		}
		return "", err
	})
}

// use returns the session, made at the first use.
func (b *Backend) use(ctx context.Context) (session, error) {
	s, err := b.session.Get(ctx)
	if err != nil {
		return session{}, openFailure(err)
	}
	return s, nil
}

// awaitEnd waits for the end of ctx where the service was first to see it: the deadline goes with the call, and its
// answer may be back before our own timer has run. Then the failure is the context's, as it should be.
func awaitEnd(ctx context.Context, err error) {
	if deadline, has := ctx.Deadline(); has && status.Code(err) == codes.DeadlineExceeded && time.Until(deadline) < 100*time.Millisecond {
		<-ctx.Done()
	}
}

// bound gives ctx a deadline if it has none.
func (b *Backend) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, b.timeout)
}
