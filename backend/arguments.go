package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lookup returns the driver that is registered under a driver's name or one of its class paths.
func Lookup(nameOrClassPath string) (d Driver, ok bool) {
	registry.RLock()
	defer registry.RUnlock()
	known, ok := registry.drivers[strings.TrimSpace(nameOrClassPath)]
	return known.Driver, ok
}

// Arguments lists the names of the arguments that the driver takes, sorted. It asks Open, by giving it one that no
// driver knows; nil for a driver that knows none, or does not use [DecodeKwargs].
func (d Driver) Arguments(ctx context.Context) []string {
	b, err := d.Open(ctx, json.RawMessage(`{"\u0000": null}`))
	if closer, ok := b.(io.Closer); ok && err == nil {
		_ = closer.Close()
	}
	var unknown *unknownArgumentError
	if !errors.As(err, &unknown) {
		return nil
	}
	return unknown.known
}

// OverrideKwargs returns kwargs with each of args set, as a JSON string, in place of what kwargs has under that name:
// Airflow's variables of one argument each (specification, lookup §5.3). Its errors are those of [DecodeKwargs].
func OverrideKwargs(kwargs json.RawMessage, args map[string]string) (json.RawMessage, error) {
	if len(args) == 0 {
		return kwargs, nil
	}
	given, err := splitObject(kwargs)
	if err != nil {
		return nil, Refused(err)
	}
	object := make(map[string]json.RawMessage, len(given)+len(args))
	for _, arg := range given {
		object[arg.name] = arg.value
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if !utf8.ValidString(args[name]) {
			return nil, Refused(fmt.Errorf("argument %q is not UTF-8 text", shown(name)))
		}
		object[name], _ = json.Marshal(args[name]) // UTF-8 can always be written
	}
	merged, _ := json.Marshal(object) // and so can what splitObject has read
	return merged, nil
}
