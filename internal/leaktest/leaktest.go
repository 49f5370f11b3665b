// Package leaktest ends the tests of a package with a look for goroutines that are left. Only tests import it.
package leaktest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main is a TestMain: it runs the tests of m and exits, with 1 if they pass and a goroutine is left.
func Main(m *testing.M, ignore ...goleak.Option) {
	status := m.Run()
	if status == 0 {
		if err := left(ignore); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL: goroutines are left:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// left returns the goroutines that do not end. Goroutines of vendors end a while after Close, which on a busy machine is
// longer than the half second that goleak waits by itself.
func left(ignore []goleak.Option) (err error) {
	for range 20 {
		if err = goleak.Find(ignore...); err == nil {
			return nil
		}
	}
	return err
}
