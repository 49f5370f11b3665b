package vectors

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Suite runs the cases of one vector file. T has the fields of a case that Got needs, with their json tags.
type Suite[T any] struct {
	File string

	// Only chooses the cases, for a file that several packages share. Nil: every case.
	Only func(c T) bool

	// Got is what the code answers for a case: an error, or anything that encoding/json can write in the shape of the
	// case's want. Nil stands for null, and for a case that has no want, such as a skipped request.
	Got func(t *testing.T, c T) (any, error)

	// Same names what differs between two decoded JSON values. Nil: [SameJSON].
	Same func(got, want any) []string
}

// expectation is what every case has, whatever its file.
type expectation struct {
	Name  string
	Error bool
	Want  any
	Quirk string
}

// Run runs every chosen case as a subtest, and checks the file's section of docs/quirks.md.
func (s Suite[T]) Run(t *testing.T) {
	t.Helper()
	if s.Only == nil {
		s.Only = func(T) bool { return true }
	}
	if s.Same == nil {
		s.Same = SameJSON
	}
	table := Decisions(t, s.File)
	cases, expected := Load[T](t, s.File), Load[expectation](t, s.File)
	for name := range table {
		assert.Truef(t, isQuirk(expected, name), "docs/quirks.md, %s: %q is not a case with a quirk", s.File, name)
	}
	ran := 0
	for i, c := range cases {
		if !s.Only(c) {
			continue
		}
		ran++
		t.Run(expected[i].Name, func(t *testing.T) {
			got, err := s.Got(t, c)
			o := outcome{failed: err != nil}
			if err == nil {
				o.value = asJSON(t, got)
			}
			airflow := outcome{failed: expected[i].Error, value: expected[i].Want}
			if expected[i].Quirk == "" {
				s.requireSame(t, o, airflow)
				return
			}
			row, ok := table[expected[i].Name]
			require.Truef(t, ok, "undecided quirk (%s); decide, and add to docs/quirks.md, %s:\n%s",
				expected[i].Quirk, s.File, s.proposal(expected[i].Name, o, airflow))
			if row.we.asAirflow {
				s.requireSame(t, o, airflow)
				return
			}
			s.requireSame(t, o, row.we.outcome)
			assert.NotEmpty(t, s.differences(o, airflow), `docs/quirks.md: say "as Airflow", that is what the code does`)
		})
	}
	require.NotZero(t, ran, "no case chosen")
}

func (s Suite[T]) requireSame(t *testing.T, got, want outcome) {
	t.Helper()
	require.Empty(t, s.differences(got, want), "the outcome differs in these")
}

// differences names what differs between two outcomes; nothing when they are the same.
func (s Suite[T]) differences(got, want outcome) []string {
	switch {
	case got.failed && want.failed:
		return nil
	case got.failed:
		return []string{"an error instead of an answer"}
	case want.failed:
		return []string{"an answer instead of an error"}
	}
	return s.Same(got.value, want.value)
}

// proposal is the row to paste for an undecided quirk.
func (s Suite[T]) proposal(name string, got, airflow outcome) string {
	d := decision{asAirflow: len(s.differences(got, airflow)) == 0, outcome: got}
	return "| " + code(name) + " | " + d.String() + " | … |"
}

func isQuirk(cases []expectation, name string) bool {
	for _, c := range cases {
		if c.Name == name {
			return c.Quirk != ""
		}
	}
	return false
}

// asJSON turns what a test answers into the value that its JSON decodes to.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	var value any
	require.NoError(t, decode(data, &value))
	return value
}
