package backendtest

import (
	"context"
	"slices"

	"github.com/secretchain/secrets"
)

// call is one call of a backend over sample content. Without an error, complete reports whether its result is that content.
type call struct {
	name string
	run  func(ctx context.Context) (complete bool, err error)
}

// reads are the reads that b has; what it wraps may still answer errors.ErrUnsupported.
func (s *suite) reads(b secrets.Backend) []call {
	all := []call{
		{"GetConnections", func(ctx context.Context) (bool, error) {
			conns, err := b.GetConnections(ctx, "smtp_default")
			return isSample(conns), err
		}},
		{"GetConnURI", func(ctx context.Context) (bool, error) {
			uri, err := b.GetConnURI(ctx, "smtp_default")
			return uri != "", err
		}},
		{"GetVariable", func(ctx context.Context) (bool, error) {
			text, err := b.GetVariable(ctx, "hello")
			return text == sample().Variables["hello"], err
		}},
	}
	if g, ok := b.(secrets.ConfigGetter); ok && !s.h.NoConfig {
		all = append(all, call{"GetConfig", func(ctx context.Context) (bool, error) {
			text, err := g.GetConfig(ctx, "sql_alchemy_conn")
			return text == sample().Config["sql_alchemy_conn"], err
		}})
	}
	if batcher, ok := b.(secrets.Batcher); ok {
		all = append(all,
			call{"GetVariables", func(ctx context.Context) (bool, error) {
				texts, err := batcher.GetVariables(ctx, []string{"hello"})
				return texts["hello"] == sample().Variables["hello"], err
			}},
			call{"GetConnectionMap", func(ctx context.Context) (bool, error) {
				conns, err := batcher.GetConnectionMap(ctx, []string{"smtp_default"})
				return isSample(conns["smtp_default"]), err
			}})
	}
	if lister, ok := b.(secrets.Lister); ok {
		all = append(all, call{"List", func(ctx context.Context) (bool, error) {
			ids, err := lister.List(ctx, secrets.KindVariable)
			return slices.Contains(ids, "hello"), err
		}})
	}
	if checker, ok := b.(secrets.Checker); ok {
		all = append(all, call{"Check", func(ctx context.Context) (bool, error) { return true, checker.Check(ctx) }})
	}
	return all
}

// writes are the writes that b has, which leave nothing of variable hello.
func (s *suite) writes(b secrets.Backend) []call {
	w, ok := b.(secrets.Writer)
	if !ok {
		return nil
	}
	return []call{
		{"SetVariable", func(ctx context.Context) (bool, error) {
			return true, w.SetVariable(ctx, "hello", sample().Variables["hello"])
		}},
		{"SetConnection", func(ctx context.Context) (bool, error) { return true, w.SetConnection(ctx, sampleConnection()) }},
		{"DeleteVariable", func(ctx context.Context) (bool, error) { return true, w.DeleteVariable(ctx, "hello") }},
		{"DeleteConnection", func(ctx context.Context) (bool, error) { return true, w.DeleteConnection(ctx, "smtp_default") }},
	}
}

func isSample(conns []secrets.Connection) bool {
	return len(conns) == 1 && conns[0].Equal(sampleConnection())
}

// sampleConnection is what the sample content holds as smtp_default.
func sampleConnection() secrets.Connection {
	c, _ := secrets.Parse(sample().Connections["smtp_default"][0])
	c.ID = "smtp_default"
	return c
}
