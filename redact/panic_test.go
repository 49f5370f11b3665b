package redact_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPanicsAreMasked(t *testing.T) {
	const secret = "s3cr3t-value"
	r := knowing(secret)
	caught := func(v any) (got any) {
		defer func() { got = recover() }()
		r.Guard(func() { panic(v) })
		return nil
	}
	for name, v := range map[string]any{"a text": "bad " + secret, "an error": fmt.Errorf("bad %s", secret), "an error that hides": hides{secret}, "bytes": []byte("bad " + secret)} {
		text, ok := caught(v).(string)
		require.Truef(t, ok, "%s goes on as a text", name)
		assert.NotContains(t, text, secret)
		assert.Contains(t, text, "redact_test.TestPanicsAreMasked", "the trace of the original")
	}
	assert.Contains(t, caught("bad "+secret), "bad ***\n")
	harmless := errors.New("harmless")
	assert.Equal(t, harmless, caught(harmless))
	done := false
	r.Guard(func() { done = true })
	assert.True(t, done)
	ended := make(chan struct{})
	go r.Guard(func() {
		defer close(ended)
		runtime.Goexit()
	})
	<-ended
}

// TestPanicsOnStandardError: a program that dies of a panic shows no secret. It is this test's own program.
func TestPanicsOnStandardError(t *testing.T) {
	const secret, asked = "s3cr3t-value", "REDACT_TEST_PANIC"
	r := knowing(secret)
	if os.Getenv(asked) != "" {
		go r.Guard(func() { panic(fmt.Errorf("bad %s", secret)) }) // package testing recovers the panics of tests' own goroutines
		<-time.After(time.Minute)
		return // it lives
	}
	program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicsOnStandardError$")
	program.Env = append(os.Environ(), asked+"=1")
	out, err := program.CombinedOutput()
	require.Error(t, err, "the program dies")
	assert.Contains(t, string(out), "panic: bad ***")
	assert.NotContains(t, string(out), secret)
}
