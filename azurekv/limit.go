package azurekv

import (
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/secretchain/secrets/backend"
)

// maxAnswer is the greatest length of an answer: a text that can be used, with what the service says about it.
const maxAnswer = backend.MaxText + 64<<10

// limited keeps one answer from filling the memory; Microsoft's client alone reads answers of any length.
type limited struct{ next policy.Transporter }

func (l limited) Do(req *http.Request) (*http.Response, error) {
	resp, err := l.next.Do(req)
	if err == nil && resp.Body != nil {
		resp.Body = &limitedBody{resp.Body, maxAnswer}
	}
	return resp, err
}

type limitedBody struct {
	io.ReadCloser
	left int64
}

// Read fails once more than maxAnswer bytes have come.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

var errTooLarge = tooLarge{}

// tooLarge ends a call without another attempt: the answer would be as large again.
type tooLarge struct{}

func (tooLarge) Error() string { return "the answer is larger than any secret" }

// NonRetriable is what Microsoft's client looks for.
func (tooLarge) NonRetriable() {}
