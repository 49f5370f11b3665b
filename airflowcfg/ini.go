package airflowcfg

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/secretchain/secrets"
)

// maxFile bounds what is read of a file, in bytes. Airflow's own template has 100 KB.
const maxFile = 8 << 20

// file is a read airflow.cfg. A nil file holds nothing.
type file struct {
	path     string
	sections map[string]section
}

// section maps options, in the case they were written in, to what was written for them.
type section map[string]entry

type entry struct {
	raw  string // before interpolation
	line int    // where the option begins, from 1
}

// defaultSection holds options that every other section has too.
const defaultSection = "DEFAULT"

// readFile reads the file at path. A missing one is nil without an error.
func readFile(path string) (*file, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(text) > maxFile {
		return nil, &Error{Source: Source{File: path}, Err: fmt.Errorf("%w: more than %d MiB", secrets.ErrMalformed, maxFile>>20)}
	}
	return parse(path, string(text))
}

func unreadable(path string, err error) error {
	class := secrets.ErrUnavailable
	if errors.Is(err, fs.ErrPermission) {
		class = secrets.ErrDenied
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the path is in Source
	}
	return &Error{Source: Source{File: path}, Err: fmt.Errorf("%w: cannot read the file: %w", class, err)}
}

// parse reads text as Airflow does, which is as Python's configparser in its strict mode with the case of options kept:
// the sections, in which
//
//   - a line whose first letter is # or ; is a comment; there are no other comments;
//   - key and value stand on both sides of the first = or :, trimmed;
//   - a line that is indented deeper than its option goes on with the value, and blank lines are kept in between;
//   - a section or an option given twice is an error.
//
// Errors name the line and show nothing of it.
func parse(path, text string) (*file, error) {
	p := parser{file: &file{path: path, sections: map[string]section{}}, opened: map[string]int{}}
	if strings.HasPrefix(text, "\ufeff") {
		return nil, p.malformed("begins with a byte order mark: save the file without one, as Airflow needs it too")
	}
	for line := range lines(text) {
		p.line++
		if err := p.read(line); err != nil {
			return nil, err
		}
	}
	p.finish()
	return p.file, nil
}

type parser struct {
	file    *file
	opened  map[string]int // section to line
	section section        // nil: none yet
	option  string         // "": none since the section began
	value   []string       // the option's lines so far
	indent  int
	line    int
}

func (p *parser) read(line string) error {
	text := trim(line)
	switch {
	case !utf8.ValidString(line):
		return p.malformed("is not UTF-8 text")
	case text == "":
		if p.option != "" {
			p.value = append(p.value, "")
		}
		return nil
	case text[0] == '#' || text[0] == ';':
		return nil
	}
	indent := utf8.RuneCountInString(line) - utf8.RuneCountInString(strings.TrimLeftFunc(line, isSpace))
	if p.option != "" && indent > p.indent {
		p.value = append(p.value, text)
		return nil
	}
	p.indent = indent
	if name, ok := sectionName(text); ok {
		return p.open(name)
	}
	if p.section == nil {
		return p.malformed("stands before the first [section]")
	}
	return p.assign(text)
}

// sectionName finds the name between the first and the last bracket of a line. What follows is ignored.
func sectionName(text string) (name string, ok bool) {
	end := strings.LastIndexByte(text, ']')
	if text[0] != '[' || end < 2 {
		return "", false
	}
	return text[1:end], true
}

func (p *parser) open(name string) error {
	p.finish()
	if at, ok := p.opened[name]; ok && name != defaultSection {
		return p.malformed(fmt.Sprintf("opens the section of line %d again: make them one", at))
	}
	p.opened[name] = p.line
	if p.file.sections[name] == nil {
		p.file.sections[name] = section{}
	}
	p.section = p.file.sections[name]
	return nil
}

func (p *parser) assign(text string) error {
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return p.malformed("is no section, option or comment; lines that go on with a value must be indented")
	}
	key := trim(text[:at])
	if key == "" {
		return p.malformed("has no option before its " + text[at:at+1])
	}
	p.finish()
	if first, ok := p.section[key]; ok {
		return p.malformed(fmt.Sprintf("sets the option of line %d again: keep one", first.line))
	}
	p.option, p.value = key, []string{trim(text[at+1:])}
	p.section[key] = entry{line: p.line}
	return nil
}

// finish puts the value of the option that was being read in its place.
func (p *parser) finish() {
	if p.option == "" {
		return
	}
	e := p.section[p.option]
	e.raw = strings.TrimRightFunc(strings.Join(p.value, "\n"), isSpace)
	p.section[p.option] = e
	p.option, p.value = "", nil
}

func (p *parser) malformed(reason string) error {
	return &Error{Source: Source{File: p.file.path, Line: max(p.line, 1)}, Err: fmt.Errorf("%w: the line %s", secrets.ErrMalformed, reason)}
}

// lines yields the lines of text, which end as in a text file that Python opened: with LF, CR or both.
func lines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for text != "" {
			at := strings.IndexAny(text, "\r\n")
			if at < 0 {
				yield(text)
				return
			}
			if !yield(text[:at]) {
				return
			}
			if strings.HasPrefix(text[at:], "\r\n") {
				at++
			}
			text = text[at+1:]
		}
	}
}

// trim is Python's str.strip.
func trim(text string) string { return strings.TrimFunc(text, isSpace) }

// isSpace is Python's str.isspace, which counts four separators that Unicode does not.
func isSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }
