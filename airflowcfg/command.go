package airflowcfg

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/secretchain/secrets"
)

var errCommandsOff = errors.New("this option runs a program, which Options.AllowCommands does not allow")

// output runs a command and returns what it prints, the final newline included. It runs without a shell, in the
// environment of this process, with nothing to read. Errors show neither the command nor what it printed.
func (c *config) output(ctx context.Context, command string) (string, error) {
	if !c.allowCommands {
		return "", fmt.Errorf("%w: %w", secrets.ErrDenied, errCommandsOff)
	}
	args, err := splitCommand(command)
	if err != nil {
		return "", malformed(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &limited{full: cancel}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout = out
	cmd.WaitDelay = time.Second // for a grandchild that keeps the pipe open
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case out.over:
		return "", malformed(errors.New("the command prints more than 1 MiB"))
	case ctx.Err() != nil:
		return "", fmt.Errorf("the command did not end in time: %w", ctx.Err())
	case errors.As(err, &exit):
		return "", fmt.Errorf("%w: the command failed (%s); run it by hand to see why", secrets.ErrUnavailable, exit.ProcessState)
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: the command's program is not on the PATH; there is no shell, so no aliases and no pipes", secrets.ErrUnavailable)
	case err != nil:
		return "", fmt.Errorf("%w: the command's program cannot be run", secrets.ErrUnavailable)
	}
	return strings.ToValidUTF8(string(out.kept), ""), nil
}

// limited keeps up to maxValue bytes and calls full when more come. It has no ReadFrom, which would have no limit.
type limited struct {
	kept []byte
	full func()
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	if len(l.kept)+len(p) > maxValue {
		l.over = true
		l.full()
		return 0, errTooLong
	}
	l.kept = append(l.kept, p...)
	return len(p), nil
}

// splitCommand takes a command line apart as a POSIX shell would, with quotes and backslashes and nothing else: what
// Python's shlex.split does. Errors show nothing of the line.
func splitCommand(line string) ([]string, error) {
	var (
		args  []string
		word  strings.Builder
		begun bool // a word may be blank: ''
		quote rune // ' or " inside of quotes
		slash bool // after a backslash
	)
	for _, r := range line {
		switch {
		case slash:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			slash = false
		case r == '\\' && quote != '\'':
			begun, slash = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			begun, quote = true, r
		case strings.ContainsRune(" \t\r\n", r):
			if begun {
				args = append(args, word.String())
				word.Reset()
			}
			begun = false
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	switch {
	case quote != 0:
		return nil, errors.New("the command has a quote that is not closed")
	case slash:
		return nil, errors.New("the command ends in a backslash")
	case begun:
		args = append(args, word.String())
	}
	if len(args) == 0 || args[0] == "" {
		return nil, errors.New("the command is blank")
	}
	return args, nil
}
