package redact

import (
	"fmt"
	"runtime/debug"
	"slices"
)

// Guard runs work and masks a panic of it, so that neither the trace on standard error nor a recovery above shows a
// secret. Run the work of main and of goroutines in it:
//
//	go r.Guard(work)
//
// A panic without a secret goes on as it is. A masked one goes on as a text, with the trace of the original behind it;
// its type is lost.
func (r *Redactor) Guard(work func()) {
	if text, masked := r.guarded(work); masked {
		panic(text) // only now: the runtime prints every panic that another one interrupts
	}
}

func (r *Redactor) guarded(work func()) (text string, masked bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		printed, ok := bytesOf(v)
		if !ok {
			printed = fmt.Sprint(v)
		}
		text = r.Text(printed)
		masked = text != printed || slices.ContainsFunc(encodings(v), func(encode func() ([]byte, error)) bool {
			encoded, fine := try(encode)
			return !fine || r.Text(encoded) != encoded
		})
		if !masked {
			panic(v)
		}
		text += "\n\n" + r.Text(string(debug.Stack()))
	}()
	work()
	return "", false
}
