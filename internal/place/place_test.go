package place

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlaceIsToldOnceItHasAnswered(t *testing.T) {
	p := New("db.example.com:5432")
	assert.Equal(t, "postgres", p.After("postgres"))
	assert.NotContains(t, fmt.Sprintf("%+v %#v", p, p), "example")
	p.Answered()
	assert.Equal(t, "postgres db.example.com:5432", p.After("postgres"))

	var none *Place
	none.Answered()
	assert.Equal(t, "postgres", none.After("postgres"))
}
