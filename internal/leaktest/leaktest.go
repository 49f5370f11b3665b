// Package leaktest ends the tests of a package with a look for goroutines that are left. Only tests import it.
package leaktest

import (
	"fmt"
	"os"

	"go.uber.org/goleak"
)

// Main is a TestMain: it runs the tests of m and exits, with 1 if they pass and a goroutine is left.
func Main(m goleak.TestingM, ignore ...goleak.Option) {
	status := m.Run()
	if status == 0 {
		if err := Left(ignore...); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// Left tells of goroutines that do not end. Some, the vendors' above all, end a while after Close, which on a busy machine
// is longer than the half second that goleak waits by itself.
func Left(ignore ...goleak.Option) (err error) {
	for range 20 {
		if err = goleak.Find(ignore...); err == nil {
			return nil
		}
	}
	return fmt.Errorf("goroutines are left: %w", err)
}
