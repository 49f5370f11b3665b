package filewatch

import (
	"errors"
	"fmt"
	"io/fs"
)

// A Problem says why a file or directory could not be read. It holds nothing of the content.
type Problem struct {
	Kind   ProblemKind
	Path   string
	Reason string
}

// ProblemKind tells problems apart.
type ProblemKind uint8

const (
	Unreadable ProblemKind = iota // missing, failing or changing: reading it later may do
	Forbidden                     // this process may not read it
	Oversized                     // larger than allowed
)

func (p *Problem) Error() string { return p.Path + ": " + p.Reason }

// problem makes a Problem of what package os and readStable report, and lets a context's end through.
func problem(path string, limit int64, err error) error {
	p := &Problem{Path: path}
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Reason = "does not exist"
	case errors.Is(err, fs.ErrPermission):
		p.Kind, p.Reason = Forbidden, "this process may not read it"
	case errors.Is(err, errTooLarge):
		p.Kind, p.Reason = Oversized, fmt.Sprintf("larger than %d bytes, the most that is read", limit)
	case errors.As(err, &at):
		p.Reason = at.Err.Error() // the system's word; PathError would add the path once more
	default:
		p.Reason = err.Error()
	}
	return p
}
