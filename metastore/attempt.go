package metastore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/secretchain/secrets"
)

// read runs do, and once more where that helps: on another connection when the first one broke, and with a new look at
// the table when it changed. Its errors are ready to be wrapped.
func (s *Store) read(ctx context.Context, kind secrets.Kind, do func(q Querier, t *table) error) error {
	err := s.attempt(ctx, s.db, kind, do)
	f, ok := errors.AsType[*failure](err)
	switch {
	case !ok:
		return err
	case f.Lost || f.Untouched:
		conn, err := s.fresh(ctx)
		if err != nil {
			return s.fail(ctx, err)
		}
		defer conn.Close()
		return s.attempt(ctx, conn, kind, do)
	case f.Stale:
		return s.attempt(ctx, s.db, kind, do)
	}
	return err
}

// maxConflicts is how often a write is tried while other writers are in its way.
const maxConflicts = 8

// write runs do, and again only where nothing was written: once when the connection broke before that, and a few times
// after a deadlock or its like.
func (s *Store) write(ctx context.Context, kind secrets.Kind, do func(q Querier, t *table) error) error {
	broken := false
	for tries := 1; ; tries++ {
		err := s.attempt(ctx, s.db, kind, do)
		f, ok := errors.AsType[*failure](err)
		switch {
		case !ok || tries == maxConflicts:
			return err
		case f.Lost && !f.Untouched:
			f.Reason += "; whether the change was made is not known"
			return err
		case !f.Untouched && !f.Stale, f.Lost && broken:
			return err
		}
		broken = broken || f.Lost
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

// attempt runs do once, with the table that it is about.
func (s *Store) attempt(ctx context.Context, q Querier, kind secrets.Kind, do func(q Querier, t *table) error) error {
	if s.closed.Load() {
		return secrets.ErrClosed
	}
	t, err := s.table(ctx, kind)
	if err == nil {
		err = do(q, t)
	}
	err = s.fail(ctx, err)
	if f, ok := errors.AsType[*failure](err); ok && f.Stale {
		s.forget(t)
	}
	return err
}

// fresh returns a connection that answers. After a server's restart every idle connection is broken, and a pool that
// has not noticed yet would hand out the next one: so each is asked, and the broken ones are dropped on the way.
func (s *Store) fresh(ctx context.Context) (*sql.Conn, error) {
	for left := s.db.Stats().Idle; ; left-- {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		if err = conn.PingContext(ctx); err == nil {
			return conn, nil
		}
		_ = conn.Close() // it is broken
		if left <= 0 {
			return nil, err
		}
	}
}

// pause waits a little, longer with every try and never as long as another, so that writers part.
func pause(ctx context.Context, tries int) error {
	timer := time.NewTimer(time.Duration(1+rand.Int64N(int64(tries)*10)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
