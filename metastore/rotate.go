package metastore

import (
	"context"
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
)

// RotateFernetKeys encrypts anew, with the first of the keys, every encrypted value that an older key can still read, and
// returns how many values that were. Tokens keep their date. What the first key has encrypted already is left alone, so a
// rotation that was interrupted goes on where it ended when it is run again, and running it twice is harmless.
//
// It goes through the tables in batches of one short transaction each, and replaces a token only if it is still the one
// that was read: readers and writers work on beside it, and nothing they write is lost. Every process has to know the new
// key before it begins, and the old key may be dropped when it ends without an error. Values that no key reads stay as
// they are and are reported in an [*UnreadableError]. With Options.Team only the rows that the store sees are rotated.
func (s *Store) RotateFernetKeys(ctx context.Context) (rotated int, err error) {
	if s.ring == nil {
		return 0, &secrets.Error{Op: "rotate", Err: fmt.Errorf("%w: no Fernet key is configured", errors.ErrUnsupported)}
	}
	const passes = 5 // a row that a writer changes meanwhile is looked at again in the next
	for range passes {
		r := rotation{store: s}
		err = r.pass(ctx)
		rotated += r.rotated
		switch {
		case err != nil:
			return rotated, &secrets.Error{Op: "rotate", Err: err}
		case r.overtaken > 0:
			continue
		case len(r.unreadable) > 0:
			return rotated, &secrets.Error{Op: "rotate", Err: &UnreadableError{r.unreadable}}
		}
		return rotated, nil
	}
	return rotated, &secrets.Error{Op: "rotate", Err: refuse(secrets.ErrUnavailable, s.dialect.Name(),
		"rows were changed faster than they could be rotated: run it again")}
}

// rotation is one pass over both tables.
type rotation struct {
	store      *Store
	rotated    int // values, in committed batches
	overtaken  int // values that were changed between reading and replacing
	unreadable []RowError
}

// replacement is one token for another.
type replacement struct {
	row   int64
	field string
	old   any // as it is stored
	new   string
}

func (r *rotation) pass(ctx context.Context) error {
	encrypted := walk{pageSize: 200, columns: func(t *table) string { return t.columns }}
	encrypted.kind = secrets.KindConnection
	encrypted.condition = func(t *table) string {
		return " AND (" + t.dialect.Quote("is_encrypted") + " OR " + t.dialect.Quote("is_extra_encrypted") + ")"
	}
	for page, err := range pages[connectionRow](ctx, r.store, encrypted) {
		if err != nil {
			return err
		}
		var batch []replacement
		for _, row := range page {
			if row.encrypted.set {
				batch = r.add(batch, row.id, row.name, "password", row.password)
			}
			if row.extraEncrypted.set {
				batch = r.add(batch, row.id, row.name, "extra", row.extra)
			}
		}
		if err := r.replace(ctx, encrypted.kind, batch); err != nil {
			return err
		}
	}
	encrypted.kind = secrets.KindVariable
	encrypted.condition = func(t *table) string { return " AND " + t.dialect.Quote("is_encrypted") }
	for page, err := range pages[variableRow](ctx, r.store, encrypted) {
		if err != nil {
			return err
		}
		var batch []replacement
		for _, row := range page {
			batch = r.add(batch, row.id, row.name, "val", row.val)
		}
		if err := r.replace(ctx, encrypted.kind, batch); err != nil {
			return err
		}
	}
	return nil
}

// add appends what is to be done about one token: nothing for a blank one and for one of the first key.
func (r *rotation) add(batch []replacement, row int64, name text, field string, token text) []replacement {
	if token.string == "" && !token.bad {
		return batch
	}
	rotated, changed, err := r.store.ring.Rotate(token.string)
	switch {
	case err != nil:
		kind := secrets.KindConnection
		if field == "val" {
			kind = secrets.KindVariable
		}
		r.unreadable = append(r.unreadable, RowError{Kind: kind, ID: name.string, Row: row, Field: field, Reason: sealReason(err)})
	case changed:
		batch = append(batch, replacement{row, field, token.stored(), rotated})
	}
	return batch
}

// replace writes one batch in one transaction.
func (r *rotation) replace(ctx context.Context, kind secrets.Kind, batch []replacement) error {
	if len(batch) == 0 {
		return nil
	}
	s, replaced := r.store, 0
	err := s.write(ctx, kind, func(_ Querier, t *table) error {
		replaced = 0
		tx, err := s.db().BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // after Commit it does nothing
		for _, one := range batch {
			field := t.dialect.Quote(one.field)
			result, err := tx.ExecContext(ctx, "UPDATE "+t.name+" SET "+field+" = "+t.dialect.Placeholder(1)+
				" WHERE "+t.dialect.Quote("id")+" = "+t.dialect.Placeholder(2)+" AND "+field+" = "+t.dialect.Placeholder(3),
				one.new, one.row, one.old)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			replaced += int(n)
		}
		return tx.Commit()
	})
	if err == nil {
		r.rotated += replaced
		r.overtaken += len(batch) - replaced
	}
	return err
}
