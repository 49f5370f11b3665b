package airflowcfg

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/secretchain/secrets"
)

// allOptions lists every option that this package reads.
var allOptions = []*option{optBackend, optKwargs, optOrder, optUseCache, optCacheTTL, optWorkerBackend, optWorkerKwargs,
	optWorkerOrder, optFernetKey, optMultiTeam, optDatabase, optDatabase.before}

// checkNames refuses an option of ours under a name that Airflow would not find, such as [Secrets] backend or [secrets]
// backend_kwarg. Whatever else is in the file is Airflow's.
func (c *config) checkNames() error {
	if c.file == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.file.sections)) {
		options := c.file.sections[name]
		for _, key := range slices.Sorted(maps.Keys(options)) {
			if meant := misspelt(name, key); meant != "" {
				return &Error{
					Source: Source{File: c.file.path, Line: options[key].line},
					Err:    fmt.Errorf("%w: unknown option; did you mean %s?", secrets.ErrMalformed, meant),
				}
			}
		}
	}
	return nil
}

// misspelt returns the option of ours that a section and key nearly are, with its suffix; "" for the option itself and
// for every other one.
func misspelt(section, key string) (meant string) {
	for _, o := range allOptions {
		for _, form := range o.forms() {
			name := o.key + suffixes[form]
			switch {
			case section == o.section && key == name:
				return ""
			case loose(section) == loose(o.section) && loose(key) == loose(name):
				meant = "[" + o.section + "] " + name
			}
		}
	}
	return meant
}

// loose is a name without what is easily mistaken: case, plural, and how words are put together.
func loose(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", "s", "").Replace(strings.ToLower(name))
}
