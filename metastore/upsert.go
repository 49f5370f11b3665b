package metastore

import "strings"

// OnConflict is a [Dialect]'s Upsert for databases with INSERT … ON CONFLICT … DO UPDATE.
func OnConflict(d Dialect, u Upsert) string {
	var b strings.Builder
	b.WriteString(Insert(d, u.Table, u.Columns))
	b.WriteString(" ON CONFLICT (" + d.Quote(u.Key) + ") DO UPDATE SET ")
	for i, column := range u.Update {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(d.Quote(column) + " = excluded." + d.Quote(column))
	}
	if u.Guard != "" {
		guard := d.Quote(u.Table) + "." + d.Quote(u.Guard)
		b.WriteString(" WHERE " + guard + " IS NULL OR " + guard + " = excluded." + d.Quote(u.Guard))
	}
	return b.String()
}

// Insert is the statement that inserts one row. The parameters are the columns' values in order.
func Insert(d Dialect, table string, columns []string) string {
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		names[i], values[i] = d.Quote(column), d.Placeholder(i+1)
	}
	return "INSERT INTO " + d.Quote(table) + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}
