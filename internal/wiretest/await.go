package wiretest

import (
	"testing"
	"time"
)

// longest is how long a test waits for what comes at once unless something is broken. No test passes sooner or later by it.
const longest = time.Minute

// Await returns what comes out of c, the zero value when c is closed. Where nothing comes the test fails, and says that it
// waited for what: a test that hangs tells nobody why. Only the test's own goroutine may call it.
func Await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	late := time.NewTimer(longest)
	defer late.Stop()
	select {
	case v := <-c:
		return v
	case <-late.C:
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}
