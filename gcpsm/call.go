package gcpsm

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// answerLimit keeps one answer from filling the memory; Google's client alone would take 2 GiB.
var answerLimit = option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(backend.MaxText + 64<<10)))

// call is one call as an option of it. It looks on while Google's client decides whether to try again: that client
// forgets why the last attempt failed when the context ends during a pause.
type call struct {
	project, name string // name "": a list
	retryer       gax.Retryer
	last          error // of the attempts that had an answer
}

// Resolve adds to what the client's own options say.
func (c *call) Resolve(settings *gax.CallSettings) {
	if retry := settings.Retry; retry != nil {
		settings.Retry = func() gax.Retryer {
			c.retryer = retry()
			return c
		}
	}
}

// Retry decides as the client's own policy does, but never asks again for an answer that is too large.
func (c *call) Retry(err error) (pause time.Duration, again bool) {
	err = asStatus(err)
	if !outOfTime(err) {
		c.last = err
	}
	if c.retryer == nil || tooLarge(err) {
		return 0, false
	}
	return c.retryer.Retry(err)
}

// asStatus gives a status to the one error that gRPC hands on without: the bare end of a stream whose connection was
// reset at a bad moment. It is an outage like other resets, and the client's policy should see it as one.
func asStatus(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(codes.Unavailable, "EOF")
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// payload returns an answer's text, if its checksum is right. TextStore does the other checks.
func payload(resp *secretmanagerpb.AccessSecretVersionResponse) (string, error) {
	p := resp.GetPayload()
	if p == nil {
		return "", fmt.Errorf("%w: the answer has no payload", secrets.ErrMalformed)
	}
	if p.DataCrc32C != nil && *p.DataCrc32C != int64(crc32.Checksum(p.Data, castagnoli)) {
		return "", fmt.Errorf("%w: the payload does not fit its checksum (CRC32C), so it was damaged on the way", secrets.ErrMalformed)
	}
	return string(p.Data), nil
}
