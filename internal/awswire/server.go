// Package awswire is a server that speaks AWS's wire protocols: the parts of Parameter Store, Secrets Manager and STS that
// the stores use, so that the real SDK can be tested and shown without AWS. It checks signatures, limits and pages as AWS
// does. It holds everything in memory and keeps no secret from anybody who can sign a request.
package awswire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/secretchain/secrets/internal/awsclient"
)

// The credentials that a new Server knows, and where it stands.
const (
	AccessKeyID     = "AKIDWIREEXAMPLE"
	SecretAccessKey = "wire/secret/example"
	Region          = "eu-west-1"
	Account         = "123456789012"
)

// Server is the server. Its methods are safe for concurrent use.
type Server struct {
	mu         sync.Mutex
	keys       map[string]aws.Credentials
	parameters map[string]*parameter
	secrets    map[string]*secret
	calls      []Call
	made       int
}

// Call is one request that was signed as it should be.
type Call struct {
	Operation string   // "ssm.GetParameter"
	Names     []string // the names it is about
	Page      bool     // it asks for a further page
}

// New returns an empty server that knows AccessKeyID.
func New() *Server {
	return &Server{
		keys:       map[string]aws.Credentials{AccessKeyID: {AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey}},
		parameters: map[string]*parameter{},
		secrets:    map[string]*secret{},
	}
}

// Listen serves on a free port of the loopback interface until stop is called.
func (s *Server) Listen() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// Config is a configuration of the SDK for a server at url, which tries a failed call three times without waiting, and waits
// no longer than a minute for an answer.
func Config(url string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: &url,
		HTTPClient:   client{awshttp.NewBuildableClient().WithTimeout(time.Minute)},
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
		Retryer:      func() aws.Retryer { return Retryer(3) },
	}
}

// client is the SDK's own, of which no answer is lost: tests count calls.
type client struct{ *awshttp.BuildableClient }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if err := awsclient.Whole(r); err != nil {
		return nil, err
	}
	return c.BuildableClient.Do(r)
}

// Retryer is the SDK's own, with so many attempts and without waiting.
func Retryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// Calls returns the calls so far, in order.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Expire makes credentials that were good once answer that they have expired.
func (s *Server) Expire(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.keys[accessKeyID]
	c.CanExpire, c.Expires = true, time.Now().Add(-time.Second)
	s.keys[accessKeyID] = c
}

// Failure is an error answer.
type Failure struct {
	Status        int
	Code, Message string
}

func (f *Failure) Error() string { return f.Code }

func invalid(format string, args ...any) error {
	return &Failure{http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, args...)}
}

// WriteFailure answers as the JSON protocol does.
func WriteFailure(w http.ResponseWriter, f Failure) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000000")
	w.WriteHeader(f.Status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazon.coral.service#" + f.Code, "message": f.Message})
}

// operation answers one operation of the JSON protocol. The server is locked.
type operation func(s *Server, body []byte) (call Call, answer any, err error)

var operations = map[string]operation{
	"AmazonSSM.GetParameter":             answers((*Server).getParameter),
	"AmazonSSM.GetParameters":            answers((*Server).getParameters),
	"AmazonSSM.DescribeParameters":       answers((*Server).describeParameters),
	"AmazonSSM.PutParameter":             answers((*Server).putParameter),
	"AmazonSSM.DeleteParameter":          answers((*Server).deleteParameter),
	"secretsmanager.GetSecretValue":      answers((*Server).getSecretValue),
	"secretsmanager.BatchGetSecretValue": answers((*Server).batchGetSecretValue),
	"secretsmanager.ListSecrets":         answers((*Server).listSecrets),
	"secretsmanager.CreateSecret":        answers((*Server).createSecret),
	"secretsmanager.UpdateSecret":        answers((*Server).updateSecret),
	"secretsmanager.DeleteSecret":        answers((*Server).deleteSecret),
}

type request interface {
	names() (names []string, page bool)
}

func answers[In request, Out any](answer func(*Server, In) (Out, error)) operation {
	return func(s *Server, body []byte) (Call, any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return Call{}, nil, &Failure{http.StatusBadRequest, "SerializationException", "not the JSON of this operation"}
		}
		names, page := in.names()
		out, err := answer(s, in)
		return Call{Names: names, Page: page}, out, err
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	target := r.Header.Get("X-Amz-Target")
	if target == "" {
		s.serveSTS(w, r, body)
		return
	}
	out, err := s.serveJSON(r, target, body)
	if f, failed := errors.AsType[*Failure](err); failed {
		WriteFailure(w, *f)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000001")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) serveJSON(r *http.Request, target string, body []byte) (any, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return nil, &Failure{http.StatusNotFound, "UnknownOperationException", "not a request of the JSON 1.1 protocol"}
	}
	answer, ok := operations[target]
	if !ok {
		return nil, &Failure{http.StatusBadRequest, "UnknownOperationException", ""}
	}
	service := "secretsmanager"
	if strings.HasPrefix(target, "AmazonSSM.") {
		service = "ssm"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.authenticate(r, service, body); err != nil {
		return nil, err
	}
	call, out, err := answer(s, body)
	call.Operation = service + target[strings.Index(target, "."):]
	s.calls = append(s.calls, call)
	return out, err
}

// authenticate signs the request again and compares.
func (s *Server) authenticate(r *http.Request, service string, body []byte) error {
	refuse := func(code, message string) error { return &Failure{http.StatusBadRequest, code, message} }
	given := r.Header.Get("Authorization")
	fields, ok := strings.CutPrefix(given, "AWS4-HMAC-SHA256 Credential=")
	if !ok {
		return refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	scope, rest, _ := strings.Cut(fields, ", SignedHeaders=")
	signedHeaders, _, _ := strings.Cut(rest, ", Signature=")
	parts := strings.Split(scope, "/")
	when, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if len(parts) != 5 || err != nil {
		return refuse("IncompleteSignatureException", "Authorization header is not complete")
	}
	key, ok := s.keys[parts[0]]
	if !ok || key.SessionToken != r.Header.Get("X-Amz-Security-Token") {
		return refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	if key.Expired() {
		return refuse("ExpiredTokenException", "The security token included in the request is expired")
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return refuse("IncompleteSignatureException", "")
	}
	for _, name := range strings.Split(signedHeaders, ";") {
		if values := r.Header.Values(name); name != "host" && values != nil {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	again.ContentLength = int64(len(body))
	hash := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), key, again, hex.EncodeToString(hash[:]), service, parts[2], when)
	if err != nil || again.Header.Get("Authorization") != given {
		return refuse("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	return nil
}

// page cuts the page that token asks for out of all names, sorted.
func page[T any](all map[string]T, keep func(name string, v T) bool, token string, size int) (names []string, next string, err error) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if keep(name, all[name]) {
			names = append(names, name)
		}
	}
	start := 0
	if token != "" {
		text, err1 := base64.StdEncoding.DecodeString(token)
		n, err2 := strconv.Atoi(string(bytes.TrimPrefix(text, []byte("page at "))))
		if err1 != nil || err2 != nil || n > len(names) {
			return nil, "", &Failure{http.StatusBadRequest, "InvalidNextTokenException", "The specified token isn't valid."}
		}
		start = n
	}
	end := min(start+size, len(names))
	if end < len(names) {
		next = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "page at %d", end))
	}
	return names[start:end], next, nil
}

// date is a time as the JSON protocol writes it.
func date(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
