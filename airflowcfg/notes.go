package airflowcfg

import (
	"fmt"
	"slices"
	"strings"
)

// idle tells what is set and has no effect, or another one than meant.
func (p *plan) idle() []string {
	return slices.Concat(p.idleArguments(), p.idleForms(), p.idleSection(), p.unread())
}

// idleArguments tells of arguments without a backend, and of what Airflow would make of a $ in them.
func (p *plan) idleArguments() (notes []string) {
	for _, at := range p.candidates(p.kwargs) {
		if p.backend.text == "" {
			notes = append(notes, fmt.Sprintf("%s is not used: %s is not set", at.source, p.backend.opt))
		}
		if text, err := p.text(&at); err == nil && at.how == isText && !p.expandKwargs && p.env.references(text) {
			notes = append(notes, fmt.Sprintf("%s: %s holds a $VAR that Airflow would expand, and is taken as it is: see Options.ExpandKwargs",
				at.source, p.kwargs))
		}
	}
	return notes
}

// idleForms tells of a _cmd or _secret for an option that has no such form.
func (p *plan) idleForms() (notes []string) {
	for _, o := range p.read {
		if o.sensitive {
			continue
		}
		for _, suffix := range suffixes[isCommand:] {
			var found []Source
			if name := o.variable() + strings.ToUpper(suffix); p.env.has(name) {
				found = append(found, Source{Env: name})
			}
			if e, ok := p.file.entry(o.section, o.key+suffix); ok {
				found = append(found, Source{File: p.path, Line: e.line})
			}
			for _, source := range found {
				notes = append(notes, fmt.Sprintf("%s is not used: %s cannot come from a command or a secret", source, o))
			}
		}
	}
	return notes
}

// idleSection tells of options of [workers] outside of a worker, and of those of [secrets] whose place they take in one.
func (p *plan) idleSection() (notes []string) {
	for _, both := range [...][2]*option{{optBackend, optWorkerBackend}, {optKwargs, optWorkerKwargs}, {optOrder, optWorkerOrder}} {
		o, why := both[1], "is for workers: see Options.Worker"
		if p.opts.Worker {
			o, why = both[0], "gives way to "+both[1].String()+" in a worker"
		}
		if slices.Contains(p.read, o) || o == p.kwargs {
			continue
		}
		for _, at := range p.candidates(o) {
			notes = append(notes, fmt.Sprintf("%s is not used: %s %s", at.source, o, why))
		}
	}
	return notes
}

// elsewhere are options that have a say in Airflow's own way to the metastore, and none here, with what to do instead.
var elsewhere = []struct {
	*option
	instead string
}{
	{&option{section: "database", key: "sql_alchemy_schema"}, "let the URL name the schema, for PostgreSQL as ?options=-csearch_path=SCHEMA"},
	{&option{section: "database", key: "sql_alchemy_connect_args"}, "put what they say of TLS and time-outs into the URL, such as ?sslmode=verify-full"},
}

func (p *plan) unread() (notes []string) {
	for _, o := range elsewhere {
		for _, at := range p.candidates(o.option) {
			if text, err := p.text(&at); err != nil || text != "" {
				notes = append(notes, fmt.Sprintf("%s: %s is not read: %s", at.source, o, o.instead))
			}
		}
	}
	return notes
}
