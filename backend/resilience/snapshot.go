package resilience

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// SnapshotOptions say where the last good values are kept and for how long. Path and FernetKeys are required.
type SnapshotOptions struct {
	// Path is the file. Its folder must exist; the file is made with mode 0600 and replaced as a whole. Processes must
	// not share one.
	Path string
	// FernetKeys encrypt the file, newest first: 32 bytes in URL-safe base64, as [core] fernet_key of Airflow. The newest
	// writes, all read.
	FernetKeys []secrets.Secret
	MaxAge     time.Duration    // how long a value is good for after it was last read from the store; 0: 24 hours
	Timeout    time.Duration    // bound on a read of one name, after which the snapshot answers; 0: the caller's deadline alone
	Delay      time.Duration    // how long a change may wait to be written, with others; 0: 1 s
	MaxEntries int              // names that are kept, the oldest are dropped first; 0: 10 000
	Logger     *slog.Logger     // told when the snapshot answers and when its file fails; nil: silent
	Now        func() time.Time // the clock; nil: the system's
}

func (o SnapshotOptions) withDefaults() SnapshotOptions {
	if o.MaxAge <= 0 {
		o.MaxAge = 24 * time.Hour
	}
	if o.Delay <= 0 {
		o.Delay = time.Second
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 10_000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Snapshot keeps the last good value of every name that was read from b in an encrypted file, and answers from it while
// the store is unavailable: a program can start although its store is down. A refusal or an absence is never answered
// from it, and removes the value from it; so does a write of the name. The newest values are written by Close and, a
// moment after they have changed, in the background. What answers from it is not marked: the Logger alone tells, and a
// chain's cache keeps it like any other value.
//
// A file that cannot be read (another key, damage, open to other users) is left as it is and not written; the Logger,
// Check, and the error of a lookup that would have been answered from it say so. A local copy of secrets is a risk of
// its own: whoever has the file and the key has the values.
//
// It fails without a backend, a path or a good key. It does no I/O before the first read.
func Snapshot(b secrets.Backend, opts SnapshotOptions) (secrets.Backend, error) {
	if b == nil {
		return nil, backend.Refused(errors.New("snapshot: no backend is given"))
	}
	opts = opts.withDefaults()
	store, err := newSnapshotStore(opts)
	if err != nil {
		return nil, backend.Refused(fmt.Errorf("snapshot: %w", err))
	}
	s := &snapshot{opts: opts, store: store}
	s.wrapped = wrapped{name: "Snapshot", inner: b, guard: func(ctx context.Context, c call) error { return c.do(ctx) }}
	return s, nil
}

type snapshot struct {
	wrapped
	opts  SnapshotOptions
	store *snapshotStore
}

// remembered reads from the store, keeps what it says, and answers from the snapshot if the store does not answer.
func remembered[T any](ctx context.Context, s *snapshot, kind secrets.Kind, id string, read func(context.Context) (T, error),
	pack func(T) []string, unpack func(texts []string) (T, error)) (T, error) {
	name := snapshotName{kind, id}
	given := map[snapshotName][]string{}
	end := s.store.begin(name)
	defer func() { end(given) }()
	v, err := bounded(ctx, s.opts.Timeout, kind, id, read)
	switch class := secrets.ClassOf(err); {
	case err == nil:
		given[name] = pack(v)
		return v, nil
	case class == secrets.ErrNotFound || class == secrets.ErrDenied:
		s.store.drop(name)
		return v, err
	case !outage(ctx, err):
		return v, err
	}
	texts, problem := s.store.find(name)
	if problem != nil { // the store's failure is the class; the file's would make an outage a refusal
		return v, fmt.Errorf("%w; and the snapshot cannot answer: %v", err, problem)
	}
	if texts == nil {
		return v, err
	}
	kept, unpackErr := unpack(texts)
	if unpackErr != nil {
		return v, err
	}
	s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "secrets: the store is unavailable, the snapshot answers",
		slog.String("kind", kind.String()), slog.String("id", id), slog.Any("error", err))
	return kept, nil
}

// bounded runs a read for as long as timeout allows; 0: as ctx allows.
func bounded[T any](ctx context.Context, timeout time.Duration, kind secrets.Kind, id string, read func(context.Context) (T, error)) (T, error) {
	if timeout <= 0 {
		return read(ctx)
	}
	inner, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	v, err := read(inner)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		err = call{op: "get", kind: kind, id: id}.fail("no answer within the snapshot's timeout of %v", timeout)
	}
	return v, err
}

func (s *snapshot) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	return remembered(ctx, s, secrets.KindConnection, id,
		func(ctx context.Context) ([]secrets.Connection, error) { return s.inner.GetConnections(ctx, id) }, packConnections,
		func(texts []string) ([]secrets.Connection, error) { return unpackConnections(id, texts) })
}

func (s *snapshot) GetConnURI(ctx context.Context, id string) (string, error) {
	return secrets.ConnURIFromConnections(ctx, id, s.GetConnections)
}

func (s *snapshot) GetVariable(ctx context.Context, key string) (string, error) {
	return remembered(ctx, s, secrets.KindVariable, key,
		func(ctx context.Context) (string, error) { return s.inner.GetVariable(ctx, key) }, packText, unpackText)
}

func (s *snapshot) GetConfig(ctx context.Context, key string) (string, error) {
	g, ok := s.inner.(secrets.ConfigGetter)
	if !ok {
		return "", unsupported("get", secrets.KindConfig, key)
	}
	return remembered(ctx, s, secrets.KindConfig, key,
		func(ctx context.Context) (string, error) { return g.GetConfig(ctx, key) }, packText, unpackText)
}

func (s *snapshot) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return rememberedBatch(ctx, s, secrets.KindVariable, keys, s.wrapped.GetVariables, packText,
		func(_ string, texts []string) (string, error) { return unpackText(texts) })
}

func (s *snapshot) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return rememberedBatch(ctx, s, secrets.KindConnection, ids, s.wrapped.GetConnectionMap, packConnections, unpackConnections)
}

// rememberedBatch is remembered for many names. Those that the snapshot does not hold keep the store's error.
func rememberedBatch[T any](ctx context.Context, s *snapshot, kind secrets.Kind, ids []string, read func(context.Context, []string) (map[string]T, error),
	pack func(T) []string, unpack func(id string, texts []string) (T, error)) (map[string]T, error) {
	names := make([]snapshotName, len(ids))
	for i, id := range ids {
		names[i] = snapshotName{kind, id}
	}
	given := map[snapshotName][]string{}
	end := s.store.begin(names...)
	defer func() { end(given) }()
	found, err := read(ctx, ids)
	gone := err == nil || errors.Is(err, secrets.ErrDenied) // after another error, what is missing may have failed
	for _, name := range names {
		if v, ok := found[name.ID]; ok {
			given[name] = pack(v)
		} else if gone { // absent, or refused as far as can be told
			s.store.drop(name)
		}
	}
	if !outage(ctx, err) {
		return found, err
	}
	all := make(map[string]T, len(ids))
	maps.Copy(all, found)
	complete, answered := true, 0
	for _, name := range names {
		if _, ok := all[name.ID]; ok {
			continue
		}
		if texts, _ := s.store.find(name); texts != nil {
			if kept, unpackErr := unpack(name.ID, texts); unpackErr == nil {
				all[name.ID] = kept
				answered++
				continue
			}
		}
		complete = false
	}
	if answered > 0 {
		s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "secrets: the store is unavailable, the snapshot answers",
			slog.String("kind", kind.String()), slog.Int("names", answered), slog.Any("error", err))
	}
	if complete {
		err = nil
	}
	return all, err
}

// Check is the backend's, and tells of a snapshot that cannot be read.
func (s *snapshot) Check(ctx context.Context) error {
	s.store.load()
	err := s.wrapped.Check(ctx)
	if _, problem := s.store.find(snapshotName{}); problem != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			err = nil
		}
		return errors.Join(err, &secrets.Error{Op: "check", StoreName: s.opts.Path, Err: problem})
	}
	return err
}

// Writes drop what they change: the next read keeps the new value. So does one that fails, for it may have been done.

func (s *snapshot) written(kind secrets.Kind, id string, err error) error {
	if !errors.Is(err, errors.ErrUnsupported) {
		s.store.drop(snapshotName{kind, id})
	}
	return err
}

func (s *snapshot) SetConnection(ctx context.Context, c secrets.Connection) error {
	return s.written(secrets.KindConnection, c.ID, s.wrapped.SetConnection(ctx, c))
}

func (s *snapshot) DeleteConnection(ctx context.Context, id string) error {
	return s.written(secrets.KindConnection, id, s.wrapped.DeleteConnection(ctx, id))
}

func (s *snapshot) SetVariable(ctx context.Context, key, value string) error {
	return s.written(secrets.KindVariable, key, s.wrapped.SetVariable(ctx, key, value))
}

func (s *snapshot) DeleteVariable(ctx context.Context, key string) error {
	return s.written(secrets.KindVariable, key, s.wrapped.DeleteVariable(ctx, key))
}

// Close writes what has changed, and closes the backend.
func (s *snapshot) Close() error { return errors.Join(s.store.close(), s.wrapped.Close()) }

func packText(text string) []string             { return []string{text} }
func unpackText(texts []string) (string, error) { return texts[0], nil }
func packConnections(conns []secrets.Connection) []string {
	texts := make([]string, len(conns))
	for i, c := range conns {
		texts[i] = c.JSON().Reveal()
	}
	return texts
}

func unpackConnections(id string, texts []string) ([]secrets.Connection, error) {
	var conns []secrets.Connection
	for _, text := range texts {
		c, err := secrets.ConnectionsFromText(id, text)
		if err != nil {
			return nil, err
		}
		conns = append(conns, c...)
	}
	return conns, nil
}
