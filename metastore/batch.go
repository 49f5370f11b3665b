package metastore

import (
	"context"
	"errors"
	"slices"

	"github.com/secretchain/secrets"
)

// batchSize is how many names one statement asks for.
const batchSize = 1000

// GetVariables reads many keys, in one statement per thousand. A value that cannot be read is absent from the map, breaks
// no other, and its error is joined to the result's.
func (s *Store) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	return batch[variableRow](ctx, s, secrets.KindVariable, keys, s.value)
}

// GetConnectionMap reads many ids, as GetVariables reads keys.
func (s *Store) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	return batch[connectionRow](ctx, s, secrets.KindConnection, ids, s.connections)
}

// batch reads names a thousand at a time, and makes each answer with the same function as a single lookup.
func batch[T any, V any, R row[T]](ctx context.Context, s *Store, kind secrets.Kind, names []string, answer func(string, []T) (V, error)) (map[string]V, error) {
	found := make(map[string]V, len(names))
	var failures []error
	fail := func(name string, err error) {
		if err != secrets.ErrNotFound {
			failures = append(failures, &secrets.Error{Op: "get", Kind: kind, ID: name, Err: err})
		}
	}
	if err := ctx.Err(); err != nil {
		return found, &secrets.Error{Op: "get", Kind: kind, Err: err}
	}
	for chunk := range slices.Chunk(s.askable(kind, names), batchSize) {
		rows, err := readMany[T, R](ctx, s, kind, chunk)
		if err != nil {
			fail("", err)
			break // the next would most likely fail as slowly
		}
		for name, group := range rows {
			if v, err := answer(name, group); err != nil {
				fail(name, err)
			} else {
				found[name] = v
			}
		}
	}
	return found, errors.Join(failures...)
}

// askable returns the names that the store could hold, each once.
func (s *Store) askable(kind secrets.Kind, names []string) []string {
	unique := make([]string, 0, len(names))
	for _, name := range names {
		if _, ok := s.StoreName(kind, name); ok {
			unique = append(unique, name)
		}
	}
	slices.Sort(unique)
	return slices.Compact(unique)
}

// readMany returns the rows of at most batchSize different names, by the name that was asked for.
func readMany[T any, R row[T]](ctx context.Context, s *Store, kind secrets.Kind, names []string) (map[string][]T, error) {
	groups := make(map[string][]T, len(names))
	rows, err := selectMany[T, R](ctx, s, kind, names)
	switch {
	case isUnheld(err): // one of them, which must not hide the others
		return groups, readEach[T, R](ctx, s, kind, names, groups)
	case err != nil:
		return nil, err
	}
	for _, row := range rows {
		name := R(&row).key().string
		groups[name] = append(groups[name], row)
	}
	if !s.dialect.Folds() || len(rows) == 0 {
		return groups, nil
	}
	return groups, readFolded[T, R](ctx, s, kind, names, groups)
}

// readFolded finds the rows that the database takes for a name's though they spell it otherwise. Which those are only
// the database can tell, so it is asked about the names that are left: all at once, and one by one if there is any.
func readFolded[T any, R row[T]](ctx context.Context, s *Store, kind secrets.Kind, names []string, groups map[string][]T) error {
	var left []string
	for _, name := range names {
		if _, ok := groups[name]; !ok {
			left = append(left, name)
		}
	}
	for name := range groups { // rows that came for a name of another spelling
		if _, asked := slices.BinarySearch(names, name); !asked {
			delete(groups, name)
		}
	}
	if len(left) == 0 {
		return nil
	}
	rows, err := selectMany[T, R](ctx, s, kind, left)
	if err != nil || len(rows) == 0 {
		return err
	}
	return readEach[T, R](ctx, s, kind, left, groups)
}

// readEach asks for one name after the other.
func readEach[T any, R row[T]](ctx context.Context, s *Store, kind secrets.Kind, names []string, groups map[string][]T) error {
	for _, name := range names {
		err := s.read(ctx, kind, func(q Querier, t *table) error {
			rows, err := query[T, R](ctx, q, t.selectOne, t.args(name)...)
			if len(rows) > 0 {
				groups[name] = rows
			}
			return err
		})
		if err != nil && !isUnheld(err) {
			return err
		}
	}
	return nil
}

// selectMany is one statement. There are four of them, however many names are asked for: the last name is repeated.
func selectMany[T any, R row[T]](ctx context.Context, s *Store, kind secrets.Kind, names []string) (rows []T, err error) {
	size := 1
	for size < len(names) {
		size *= 10
	}
	args := make([]any, size)
	for i := range args {
		args[i] = names[min(i, len(names)-1)]
	}
	err = s.read(ctx, kind, func(q Querier, t *table) (err error) {
		rows, err = query[T, R](ctx, q, t.selectBy(t.in(size), size), t.args(args...)...)
		return err
	})
	return rows, err
}
