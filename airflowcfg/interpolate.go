package airflowcfg

import (
	"errors"
	"strings"
)

// Bounds on what values may grow to. Airflow has none of size.
const (
	maxDepth      = 10 // as Python's configparser
	maxReferences = 10_000
	maxValue      = 1 << 20
)

var (
	errPercent = errors.New("a % that stands for itself must be written %% in the file")
	errMissing = errors.New("a %(name)s in the value names an option that neither the section nor [DEFAULT] has")
	errDepth   = errors.New("the %(name)s references in the value do not end")
	errTooLong = errors.New("the value grows beyond 1 MiB, or 10 000 references, when its references are put in")
)

// get returns an option's value and the line it begins on. As in Python's configparser every section has the options of
// [DEFAULT] too, but a section that is not in the file has none. Errors show nothing of the value.
func (f *file) get(name, key string) (value string, line int, found bool, err error) {
	e, ok := f.entry(name, key)
	if !ok {
		return "", 0, false, nil
	}
	i := interpolation{file: f, section: name}
	if err := i.add(e.raw, 1); err != nil {
		return "", e.line, true, err
	}
	return i.String(), e.line, true, nil
}

// entry finds an option without reading its value.
func (f *file) entry(name, key string) (entry, bool) {
	if f == nil || f.sections[name] == nil {
		return entry{}, false
	}
	e, ok := f.sections[name][key]
	if !ok {
		e, ok = f.sections[defaultSection][key]
	}
	return e, ok
}

// interpolation is a value of a section as far as its references are put in.
type interpolation struct {
	strings.Builder
	file       *file
	section    string
	references int
}

// add appends text with %% as % and %(name)s as the value of that option.
func (i *interpolation) add(text string, depth int) error {
	if depth > maxDepth && strings.Contains(text, "%") { // as in Python, text without references is no level
		return errDepth
	}
	for {
		plain, rest, more := strings.Cut(text, "%")
		if i.Len()+len(plain) > maxValue {
			return errTooLong
		}
		i.WriteString(plain)
		switch {
		case !more:
			return nil
		case strings.HasPrefix(rest, "%"):
			i.WriteByte('%')
			text = rest[1:]
		case strings.HasPrefix(rest, "("):
			name, after, ok := strings.Cut(rest[1:], ")")
			if !ok || name == "" || !strings.HasPrefix(after, "s") {
				return errPercent
			}
			e, ok := i.file.entry(i.section, name)
			if !ok {
				return errMissing
			}
			if i.references++; i.references > maxReferences { // blank ones would not make it longer, only slower
				return errTooLong
			}
			if err := i.add(e.raw, depth+1); err != nil {
				return err
			}
			text = after[1:]
		default:
			return errPercent
		}
	}
}
