package airflowcfg

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/nearest"
)

// allOptions lists every option that this package reads.
var allOptions = []*option{optBackend, optKwargs, optOrder, optUseCache, optCacheTTL, optWorkerBackend, optWorkerKwargs,
	optWorkerOrder, optFernetKey, optMultiTeam, optDatabase, optDatabase.before}

// checkNames refuses an option of ours under a name that Airflow would not find, such as [secret] backend or [secrets]
// bakend_kwargs. Whatever else is in the file is Airflow's.
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

// names are the options in all their forms, by section and key as loose makes them.
var names = func() map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, o := range allOptions {
		section := loose(o.section)
		if all[section] == nil {
			all[section] = make(map[string]string)
		}
		for _, form := range o.forms() {
			key := o.key + suffixes[form]
			all[section][loose(key)] = "[" + o.section + "] " + key
		}
	}
	return all
}()

// misspelt returns the option of ours that a section and key nearly are, with its suffix; "" for the option itself and
// for every other one. Only one of the two may be worse than loose.
func misspelt(section, key string) (meant string) {
	if strings.Contains(section, "=") { // [team=core]
		return ""
	}
	section, key, written := loose(section), loose(key), "["+section+"] "+key
	keys, ok := names[section]
	switch {
	case !ok:
		near := nearest.To(section, slices.Sorted(maps.Keys(names))...)
		if near != strings.TrimRight(section, "0123456789") { // [core2] is put aside
			meant = names[near][key]
		}
	case keys[key] != "":
		meant = keys[key]
	default:
		near := nearest.To(key, slices.Sorted(maps.Keys(keys))...)
		if !strings.Contains(key, near) { // with more before or after it, such as backend_cmd or old_fernet_key, it is another name
			meant = keys[near]
		}
	}
	if meant == written {
		return ""
	}
	return meant
}

// loose is a name without what is easily mistaken: case, plural, and how words are put together.
func loose(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", "s", "").Replace(strings.ToLower(name))
}
