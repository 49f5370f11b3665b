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
	return s.insist(ctx, func() error {
		err := s.attempt(ctx, s.ask(), kind, do)
		f, ok := errors.AsType[*failure](err)
		switch {
		case !ok:
			return err
		case f.Stale:
			return s.attempt(ctx, s.ask(), kind, do)
		case f.Lost:
			conn, err := s.fresh(ctx)
			if err != nil {
				return s.fail(ctx, err)
			}
			defer conn.Close()
			return s.attempt(ctx, conn, kind, do)
		}
		return err
	})
}

// write runs do, and once more only where nothing was written: when the connection broke before that, and when the table
// turned out to have changed.
func (s *Store) write(ctx context.Context, kind secrets.Kind, do func(q Querier, t *table) error) error {
	return s.insist(ctx, func() error {
		err := s.attempt(ctx, s.ask(), kind, do)
		if f, ok := errors.AsType[*failure](err); ok && (f.Stale || f.Lost && f.Untouched) {
			err = s.attempt(ctx, s.ask(), kind, do)
		}
		if f, ok := errors.AsType[*failure](err); ok && f.Lost && !f.Untouched {
			unknown := *f
			unknown.Reason += "; whether the change was made is not known"
			return &unknown
		}
		return err
	})
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
	for left := s.db().Stats().Idle; ; left-- {
		conn, err := s.db().Conn(ctx)
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

// patience is how long others may be in the way of a call.
const patience = 10 * time.Second

// insist runs once until others are no longer in its way: another writer that holds a lock, or a deadlock whose victim
// this one was. Nothing was changed then, so that it may be repeated.
func (s *Store) insist(ctx context.Context, once func() error) error {
	begin := time.Now()
	for tries := 1; ; tries++ {
		err := once()
		f, ok := errors.AsType[*failure](err)
		if !ok || !f.Untouched || f.Lost || time.Since(begin) > patience {
			return err
		}
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

// pause waits a little, longer with every try and never as long as another, so that writers part.
func pause(ctx context.Context, tries int) error {
	timer := time.NewTimer(rand.N(time.Duration(min(tries, 10)) * 5 * time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
