package cache

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// ErrPanic is the class of the error that callers get when a load panics or ends its goroutine.
var ErrPanic = errors.New("panic in a load")

// panicError tells where the load panicked, and never with what: the value of a panic may quote what was loaded.
// It is to be called from the deferred function that recovered.
func panicError() error {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Errorf("%w, at %s (%s:%d)", ErrPanic, frame.Function, path.Base(frame.File), frame.Line)
		}
		if !more {
			return ErrPanic
		}
	}
}
