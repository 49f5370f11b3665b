package vectors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outcome is an error or a decoded JSON value.
type outcome struct {
	failed bool
	value  any
}

// decision is the second cell of a row.
type decision struct {
	asAirflow bool
	outcome   outcome // where not asAirflow
}

// A Decision is one row of docs/quirks.md.
type Decision struct {
	we  decision
	Why string
}

// Decisions reads the section of docs/quirks.md that is headed by the file's name: the row of every case that has one.
// It fails the test for a row that cannot be read or is there twice; a missing section is an empty table.
func Decisions(t testing.TB, file string) map[string]Decision {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "docs", "quirks.md"))
	require.NoError(t, err)
	table, err := parseSection(string(text), file)
	require.NoErrorf(t, err, "docs/quirks.md, %s", file)
	return table
}

func parseSection(text, file string) (map[string]Decision, error) {
	table := map[string]Decision{}
	inside := false
	for number, line := range strings.Split(text, "\n") {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			inside = strings.TrimSpace(heading) == file
			continue
		}
		if !inside || !strings.HasPrefix(line, "|") {
			continue
		}
		cells := splitRow(line)
		if len(cells) != 3 {
			return nil, fmt.Errorf("line %d: %d cells, not 3 (write \\| for a bar inside a cell)", number+1, len(cells))
		}
		if cells[0] == "case" || strings.Trim(cells[0], "-: ") == "" {
			continue
		}
		we, err := parseDecision(cells[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		name := uncode(cells[0])
		if _, twice := table[name]; twice {
			return nil, fmt.Errorf("line %d: %q is decided twice", number+1, name)
		}
		if cells[2] == "" || cells[2] == "…" {
			return nil, fmt.Errorf("line %d: no reason given", number+1)
		}
		table[name] = Decision{we: we, Why: cells[2]}
	}
	return table, nil
}

// splitRow takes | a | b | apart. A bar inside a cell is written \|.
func splitRow(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, bar)
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cell), bar, "|")
	}
	return cells
}

func parseDecision(cell string) (decision, error) {
	switch {
	case cell == "as Airflow":
		return decision{asAirflow: true}, nil
	case cell == "error":
		return decision{outcome: outcome{failed: true}}, nil
	case strings.HasPrefix(cell, "`"):
		var value any
		if err := decode([]byte(uncode(cell)), &value); err != nil {
			return decision{}, fmt.Errorf("the outcome is not JSON: %w", err)
		}
		return decision{outcome: outcome{value: value}}, nil
	}
	return decision{}, fmt.Errorf("%q is neither as Airflow, error, nor JSON in backquotes", cell)
}

// String writes d as parseDecision reads it.
func (d decision) String() string {
	switch {
	case d.asAirflow:
		return "as Airflow"
	case d.outcome.failed:
		return "error"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d.outcome.value); err != nil {
		return "?"
	}
	return code(strings.TrimSpace(b.String()))
}

// code writes text as a code span inside a table cell; uncode reads it, and text that is not one.
func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

func uncode(cell string) string {
	inner := strings.TrimLeft(cell, "`")
	fence := cell[:len(cell)-len(inner)]
	inner = strings.TrimSuffix(inner, fence)
	if len(fence) > 1 {
		inner = strings.TrimSuffix(strings.TrimPrefix(inner, " "), " ")
	}
	return inner
}
