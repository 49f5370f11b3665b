package airflowcfg

import (
	"fmt"
	"strings"
)

// Source says where an option's value was written. The zero Source is Airflow's built-in default.
type Source struct {
	Env  string // name of the environment variable
	File string // path of the file
	Line int    // where in File the option begins, from 1
}

// String returns the variable's name, file:line, the file, or "default".
func (s Source) String() string {
	switch {
	case s.Env != "":
		return s.Env
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	case s.File != "":
		return s.File
	}
	return "default"
}

// Error is a mistake in the configuration: where it is and what to do about it. It never holds the value of an option
// that may hold a secret. Err wraps a class of package secrets.
type Error struct {
	Source Source // zero: in no single place
	Option string // "[secrets] backends_order"; "" where it is about no single option
	Err    error
}

// Error returns the mistake in one line: airflow.cfg:7: [secrets] use_cache: malformed: write True or False.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("airflow configuration: ")
	if e.Source != (Source{}) {
		b.WriteString(e.Source.String() + ": ")
	}
	if e.Option != "" {
		b.WriteString(e.Option + ": ")
	}
	b.WriteString(strings.ReplaceAll(e.Err.Error(), "\n", "; ")) // a backend joins what it has against several arguments
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
