package metastore

import (
	"context"
	"iter"

	"github.com/secretchain/secrets"
)

// List returns the names of one kind, in the order they were stored; none for configuration. See [Store.Names] for a
// walk that does not hold them all.
func (s *Store) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	names := []string{}
	for name, err := range s.Names(ctx, kind) {
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// Names walks through the names of one kind, page by page: memory is bounded however many there are, and no
// connection is held between pages. Each name comes once; rows without a name or, for variables, with a NULL value
// are left out. A failure ends the walk. Only in a table of Airflow 1.10, whose names repeat, are the seen ones kept.
func (s *Store) Names(ctx context.Context, kind secrets.Kind) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if kind != secrets.KindConnection && kind != secrets.KindVariable {
			return
		}
		repeats, seen := false, map[string]bool{}
		names := walk{kind: kind, pageSize: 2000,
			columns: func(t *table) string { return t.dialect.Quote("id") + ", " + t.by },
			condition: func(t *table) string {
				repeats = !t.unique
				if kind == secrets.KindVariable {
					return " AND " + t.by + " IS NOT NULL AND " + t.dialect.Quote("val") + " IS NOT NULL"
				}
				return " AND " + t.by + " IS NOT NULL"
			},
		}
		for page, err := range pages[nameRow](ctx, s, names) {
			if err != nil {
				yield("", &secrets.Error{Op: "list", Kind: kind, Err: err})
				return
			}
			for _, row := range page {
				name := row.name.string
				if row.name.bad || repeats && seen[name] {
					continue
				}
				if repeats {
					seen[name] = true
				}
				if !yield(name, nil) {
					return
				}
			}
		}
	}
}
