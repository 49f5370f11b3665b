package airflowcfg

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// arguments reads the variables that set one argument each, AIRFLOW__SECRETS__BACKEND_KWARG__KEY (specification, lookup
// §5.3), and returns their names too, sorted.
func (p *plan) arguments(ctx context.Context) (args map[string]string, variables []string, err error) {
	prefix := strings.TrimSuffix(p.kwargs.variable(), "S") + "__"
	args = make(map[string]string)
	for _, name := range p.argumentVariables(ctx, prefix) {
		text, ok := p.env.lookup(name)
		if !ok {
			continue
		}
		key := strings.ToLower(name[len(prefix):])
		if _, twice := args[key]; twice {
			return nil, nil, &Error{Source: Source{Env: name}, Err: fmt.Errorf("%w: another variable sets the argument %q too: keep one", secrets.ErrMalformed, key)}
		}
		args[key] = text
		variables = append(variables, name)
	}
	return args, variables, nil
}

// argumentVariables lists, sorted, the variables that may be there. An Options.Environ cannot be listed: it is asked for
// the arguments that the backend knows.
func (p *plan) argumentVariables(ctx context.Context, prefix string) (names []string) {
	if p.env.own {
		driver, ok := backend.Lookup(p.backend.text)
		if !ok {
			return nil
		}
		for _, name := range driver.Arguments(ctx) {
			names = append(names, prefix+strings.ToUpper(name))
		}
		return names
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
