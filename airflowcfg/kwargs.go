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
// §5.3), and returns their names too, sorted. An Options.Environ cannot be listed: it is asked for the arguments that
// the backend knows.
func (p *plan) arguments(ctx context.Context) (args map[string]string, variables []string, err error) {
	prefix := strings.TrimSuffix(p.kwargs.variable(), "S") + "__"
	if p.env.own {
		if d, ok := backend.Lookup(p.backend.text); ok {
			for _, name := range d.Arguments(ctx) {
				variables = append(variables, prefix+strings.ToUpper(name))
			}
		}
	} else {
		for _, entry := range os.Environ() {
			if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
				variables = append(variables, name)
			}
		}
	}
	args = make(map[string]string)
	variables = slices.DeleteFunc(variables, func(name string) bool {
		text, ok := p.env.lookup(name)
		if !ok {
			return true
		}
		key := strings.ToLower(name[len(prefix):])
		if _, twice := args[key]; twice && err == nil {
			err = &Error{Source: Source{Env: name}, Err: fmt.Errorf("%w: sets argument %q, as another variable does: keep one", secrets.ErrMalformed, key)}
		}
		args[key] = text
		return false
	})
	slices.Sort(variables)
	return args, variables, err
}
