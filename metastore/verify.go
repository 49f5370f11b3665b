package metastore

import (
	"context"
	"strconv"
	"strings"

	"github.com/secretchain/secrets"
)

// UnreadableError lists the fields that a rotation could not read and left as they are. It wraps [secrets.ErrMalformed].
type UnreadableError struct{ Rows []RowError }

// Error names the first few.
func (e *UnreadableError) Error() string {
	const shown = 5
	var b strings.Builder
	b.WriteString(secrets.ErrMalformed.Error() + ": " + strconv.Itoa(len(e.Rows)) + " encrypted values cannot be read and were left alone")
	for i, row := range e.Rows[:min(shown, len(e.Rows))] {
		if b.WriteString("; "); i == 0 {
			b.WriteString("first ")
		}
		b.WriteString(row.Kind.String() + " " + strconv.Quote(row.ID) + " row " + strconv.FormatInt(row.Row, 10) + " " + row.Field + ": " + row.Reason)
	}
	return b.String()
}

// Unwrap returns secrets.ErrMalformed.
func (e *UnreadableError) Unwrap() error { return secrets.ErrMalformed }

// Verify reads every row and reports each field that cannot be read: what a lookup of that name would fail with. It
// changes nothing. The error is for a walk that could not be finished; what was found by then comes with it.
func (s *Store) Verify(ctx context.Context) ([]RowError, error) {
	var unreadable []RowError
	report := func(e *RowError) { unreadable = append(unreadable, *e) }
	everything := walk{pageSize: 500,
		columns:   func(t *table) string { return t.columns },
		condition: func(t *table) string { return " AND " + t.by + " IS NOT NULL" },
	}
	everything.kind = secrets.KindConnection
	for page, err := range pages[connectionRow](ctx, s, everything) {
		if err != nil {
			return unreadable, &secrets.Error{Op: "verify", Kind: everything.kind, Err: err}
		}
		for i := range page {
			page[i].connection(s, page[i].name.string, report)
		}
	}
	everything.kind = secrets.KindVariable
	for page, err := range pages[variableRow](ctx, s, everything) {
		if err != nil {
			return unreadable, &secrets.Error{Op: "verify", Kind: everything.kind, Err: err}
		}
		for i := range page {
			if !page[i].val.null {
				page[i].value(s, page[i].name.string, report)
			}
		}
	}
	return unreadable, nil
}
