package filefail

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/filewatch"
)

func TestClassed(t *testing.T) {
	for kind, class := range map[filewatch.ProblemKind]error{
		filewatch.Unreadable: secrets.ErrUnavailable, filewatch.Forbidden: secrets.ErrDenied, filewatch.Oversized: secrets.ErrMalformed,
	} {
		err := Classed(&filewatch.Problem{Kind: kind, Path: "/f", Reason: "why"})
		assert.Equal(t, class, secrets.ClassOf(err))
		assert.EqualError(t, err, class.Error()+": /f: why")
	}
	other := errors.New("other")
	assert.Equal(t, other, Classed(other))
	assert.NoError(t, Classed(nil))
}
