package airflowcfg

import (
	"errors"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strings"
)

// environment is where variables come from.
type environment struct {
	lookup func(string) (string, bool)
	own    bool // given by the caller: the process's own home directories and list of variables are none of ours
}

func newEnvironment(lookup func(string) (string, bool)) environment {
	if lookup == nil {
		return environment{lookup: os.LookupEnv}
	}
	return environment{lookup: lookup, own: true}
}

// get returns a variable's value, "" for an unset one.
func (e environment) get(name string) string {
	value, _ := e.lookup(name)
	return value
}

func (e environment) has(name string) bool {
	_, ok := e.lookup(name)
	return ok
}

// maxExpansions bounds the rounds of expand: A=$B and B=$A go on for ever, in Airflow too.
const maxExpansions = 32

var (
	errEndless = errors.New("the variables in the value refer to each other without end")
	reference  = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)
)

// expand puts in $VAR, ${VAR} and a leading ~, again and again until nothing changes, as Airflow does with every
// value. Variables that are not set stay as written. Errors show nothing of the value.
func (e environment) expand(text string) (string, error) {
	for range maxExpansions {
		next := e.tilde(reference.ReplaceAllStringFunc(text, func(ref string) string {
			if value, ok := e.lookup(referenced(ref)); ok {
				return value
			}
			return ref
		}))
		if next == text {
			return text, nil
		}
		if len(next) > maxValue {
			return "", errTooLong
		}
		text = next
	}
	return "", errEndless
}

// referenced is the name of the variable that $VAR or ${VAR} refers to.
func referenced(ref string) string {
	if strings.HasPrefix(ref, "${") {
		return ref[2 : len(ref)-1]
	}
	return ref[1:]
}

// references reports whether text holds a variable that is set.
func (e environment) references(text string) bool {
	return slices.ContainsFunc(reference.FindAllString(text, -1), func(ref string) bool { return e.has(referenced(ref)) })
}

// tilde puts a home directory in the place of a leading ~ or ~user. Where there is none the text stays as it is.
func (e environment) tilde(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest := path[1:], ""
	if at := strings.IndexByte(name, '/'); at >= 0 {
		name, rest = name[:at], name[at:]
	}
	home := e.home(name)
	if home == "" {
		return path
	}
	if path = strings.TrimRight(home, "/") + rest; path == "" {
		return "/"
	}
	return path
}

// home is the home directory of a user, "" for the one who runs the program.
func (e environment) home(name string) string {
	if name == "" {
		for _, variable := range [...]string{"HOME", "USERPROFILE"} {
			if home, ok := e.lookup(variable); ok {
				return home
			}
		}
	}
	if e.own {
		return ""
	}
	u, err := user.Current()
	if name != "" {
		u, err = user.Lookup(name)
	}
	if err != nil {
		return ""
	}
	return u.HomeDir
}
