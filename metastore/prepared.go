package metastore

import (
	"context"
	"database/sql"
	"sync"
)

// prepared is a Querier that prepares every statement once and keeps it. A Store's statements are few, whatever it is
// asked: their texts depend on the shape of the tables, not on names or values.
type prepared struct {
	db         *sql.DB
	statements sync.Map // text → *sql.Stmt
}

func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if known, ok := p.statements.Load(text); ok {
		return known.(*sql.Stmt), nil
	}
	statement, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, loaded := p.statements.LoadOrStore(text, statement); loaded {
		_ = statement.Close() // another caller was faster; a broken connection loses it anyway
		return first.(*sql.Stmt), nil
	}
	return statement, nil
}

func (p *prepared) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	statement, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// Close closes the statements. Nothing may be asked afterwards.
func (p *prepared) Close() {
	for _, statement := range p.statements.Range {
		_ = statement.(*sql.Stmt).Close() // its connection may be broken, and then it is gone already
	}
}
