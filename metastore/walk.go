package metastore

import (
	"context"
	"iter"
	"math"
	"strconv"

	"github.com/secretchain/secrets"
)

// A walk reads a table page by page in the order of column id. No connection is held between pages, and memory is that of
// a page, however large the table.
type walk struct {
	kind      secrets.Kind
	columns   func(t *table) string // what a row scans
	condition func(t *table) string // "", or one that begins with AND
	pageSize  int
}

// pages yields the pages; a failure ends them. R is the row that w.columns fills.
func pages[T any, R row[T]](ctx context.Context, s *Store, w walk) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for after := int64(math.MinInt32); ; { // ids have 32 bits, and those below 1 are rows like any other
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			var page []T
			err := s.read(ctx, w.kind, func(q Querier, t *table) (err error) {
				page, err = query[T, R](ctx, q, w.statement(t), t.args(after)...)
				return err
			})
			if !yield(page, err) || err != nil || len(page) < w.pageSize {
				return
			}
			after = R(&page[len(page)-1]).number()
		}
	}
}

func (w walk) statement(t *table) string {
	id := t.dialect.Quote("id")
	return "SELECT " + w.columns(t) + " FROM " + t.name + " WHERE " + id + " > " + t.dialect.Placeholder(1) +
		w.condition(t) + t.teamCondition(2) + " ORDER BY " + id + " LIMIT " + strconv.Itoa(w.pageSize)
}
