package audit

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/secretchain/secrets/internal/leaktest"
)

// TestMain runs the tests in a process of their own, to see what it prints: to standard error, where libraries log that
// nobody has asked to, nothing; and to standard output no secret. No test leaves a goroutine or a connection behind.
func TestMain(m *testing.M) {
	const inner = "SECRETS_TEST_AUDIT_INNER"
	if os.Getenv(inner) == "" {
		os.Exit(watched(inner))
	}
	status := m.Run()
	// The driver of SQL databases keeps one goroutine a pool until the process ends, after Close too for a moment.
	err := leaktest.Left(goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
	if status == 0 && err != nil {
		fmt.Println("FAIL:", err)
		status = 1
	}
	os.Exit(status)
}

func watched(inner string) (status int) {
	var out, errors bytes.Buffer
	tests := exec.Command(os.Args[0], os.Args[1:]...)
	tests.Env = append(os.Environ(), inner+"=1")
	tests.Stdout, tests.Stderr = io.MultiWriter(os.Stdout, &out), io.MultiWriter(os.Stderr, &errors)
	if tests.Run() != nil {
		return max(1, tests.ProcessState.ExitCode())
	}
	if errors.Len() > 0 || bytes.Contains(out.Bytes(), []byte(planted)) {
		fmt.Println("FAIL: something was written to standard error, or the secret to standard output")
		return 1
	}
	return 0
}
