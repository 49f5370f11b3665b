package redact

import (
	"fmt"
	"slices"
)

// Panics masks a panic on its way up, so that the trace on standard error, or the recovery above, shows its text masked.
// Defer it in main and at the top of goroutines:
//
//	defer r.Panics()
//
// A panic without a secret goes on as it is. A masked one goes on as a string: its type is lost, and the trace begins
// here, with the original's above it.
func (r *Redactor) Panics() {
	v := recover()
	if v == nil {
		return
	}
	printed := fmt.Sprint(v)
	masked := r.Text(printed)
	if masked != printed || slices.ContainsFunc(encodings(v), func(encode func() ([]byte, error)) bool {
		text, fine := try(encode)
		return !fine || r.Text(text) != text
	}) {
		panic(masked)
	}
	panic(v)
}
