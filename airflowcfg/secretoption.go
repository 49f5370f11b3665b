package airflowcfg

import (
	"context"
	"errors"
	"fmt"

	"github.com/secretchain/secrets"
)

var (
	errNoSecret = errors.New("the custom backend holds no configuration value of the name that is written here; " +
		"add it there, or, if the value itself was written here, move it to the option without _secret")
	errValueForName = errors.New("this looks like the value itself, and must be the name under which the custom backend " +
		"keeps it; move the value to the option without _secret")
	errOwnSecret = errors.New("arguments of the custom backend cannot be read from that backend; " +
		"use the option itself, its _cmd form, or one variable per argument")
)

// askFor reads the value that a _secret candidate names from the custom backend. The name is never shown: it is a
// frequent mistake to write the value in its place. Nor is the backend's own error, which quotes the name.
func askFor(ctx context.Context, at *candidate, name string, ask getConfig) (string, error) {
	switch {
	case at.opt.own:
		return "", malformed(errOwnSecret)
	case at.opt.isValue != nil && at.opt.isValue(name):
		return "", malformed(errValueForName)
	case ask == nil:
		return "", nil
	}
	text, err := ask(ctx, name)
	switch {
	case err == nil || errors.Is(err, errDeferred):
		return text, err
	case errors.Is(err, errCycle):
		return "", malformed(errCycle)
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	class := secrets.ClassOf(err)
	if class == secrets.ErrNotFound || errors.Is(err, errors.ErrUnsupported) {
		return "", errNoSecret
	}
	return "", fmt.Errorf("%w: the custom backend failed to answer GetConfig of the name that is written here", class)
}
