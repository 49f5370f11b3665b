package gcpsm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
)

// failure maps what a call ended with to a class: the table of the package comment. It holds no text of err.
func (c *call) failure(err error) error {
	err = asStatus(err)
	if outOfTime(err) && c.last != nil {
		err = c.last
	}
	if login, ok := errors.AsType[*loginError](err); ok {
		return login
	}
	switch code := status.Code(err); code {
	case codes.NotFound:
		if c.name == "" {
			return fmt.Errorf("%w: there is no project %s", secrets.ErrUnavailable, c.project)
		}
		return secrets.ErrNotFound
	case codes.PermissionDenied:
		return fmt.Errorf("%w%s: grant %s", secrets.ErrDenied, reason(err), c.role())
	case codes.Unauthenticated:
		return fmt.Errorf("%w%s: the service does not accept the credentials; they may have expired or been revoked", secrets.ErrDenied, reason(err))
	case codes.FailedPrecondition:
		return fmt.Errorf("%w%s: the latest version, or the key that it is encrypted with, is disabled or destroyed; enable it or add a version",
			secrets.ErrDenied, reason(err))
	case codes.ResourceExhausted:
		if tooLarge(err) {
			return fmt.Errorf("%w: the answer is larger than any secret", secrets.ErrMalformed)
		}
		return fmt.Errorf("%w%s: over the quota of project %s", secrets.ErrUnavailable, reason(err), c.project)
	case codes.InvalidArgument:
		return fmt.Errorf("%w%s: the service does not take the request; check the project id %s", secrets.ErrUnavailable, reason(err), c.project)
	case codes.Unavailable:
		return fmt.Errorf("%w: the service cannot be reached%s", secrets.ErrUnavailable, because(err))
	default:
		if outOfTime(err) {
			return fmt.Errorf("%w: no answer in time", secrets.ErrUnavailable)
		}
		return fmt.Errorf("%w%s: the service answers with code %s", secrets.ErrUnavailable, reason(err), code)
	}
}

func (c *call) role() string {
	if c.name == "" {
		return "roles/secretmanager.viewer on project " + c.project
	}
	return "roles/secretmanager.secretAccessor on project " + c.project + " or on the secret, if there is one"
}

// because tells in safe words why there was no connection.
func because(err error) string {
	if why := netfail.Why(err); why != "" {
		return ": " + why
	}
	return ""
}

// capitals is what Google's reasons look like.
var capitals = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,62}$`)

// reason is the one word of an answer that is shown, such as SERVICE_DISABLED.
func reason(err error) string {
	if api, ok := apierror.FromError(err); ok && capitals.MatchString(api.Reason()) {
		return " (" + api.Reason() + ")"
	}
	return ""
}

// tooLarge reports whether gRPC gave up an answer for its size. It does so with a code that means over quota, too.
func tooLarge(err error) bool {
	s, ok := status.FromError(err)
	return ok && s.Code() == codes.ResourceExhausted && strings.Contains(s.Message(), "larger than max")
}

// outOfTime reports whether err is the end of a context, here or at the service.
func outOfTime(err error) bool {
	code := status.Code(err)
	return code == codes.DeadlineExceeded || code == codes.Canceled || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
