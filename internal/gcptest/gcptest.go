// Package gcptest is a stand-in for Google Secret Manager: it speaks the service's gRPC protocol to Google's own
// client, for tests and for examples that run without an account. It keeps secrets of one project in memory and knows
// what gcpsm asks for: reading the latest version and listing.
package gcptest

import (
	"context"
	"hash/crc32"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Server holds the secrets of Project. It is safe for concurrent use; Project and Wrong are set before it serves.
type Server struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer

	Project string
	// Wrong spoils an answer after it was made. Nil: answers are right.
	Wrong func(*secretmanagerpb.AccessSecretVersionResponse)

	mu      sync.Mutex
	secrets map[string][]version
	calls   []string
	failure error
}

type version struct {
	text  string
	state secretmanagerpb.SecretVersion_State
}

// Set adds a version, the latest one, to a secret, and makes the secret if it is new.
func (s *Server) Set(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secrets == nil {
		s.secrets = map[string][]version{}
	}
	s.secrets[name] = append(s.secrets[name], version{text, secretmanagerpb.SecretVersion_ENABLED})
}

// SetState changes the state of a secret's newest version.
func (s *Server) SetState(name string, state secretmanagerpb.SecretVersion_State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	versions := s.secrets[name]
	versions[len(versions)-1].state = state
}

// Fail has every call fail with err; nil ends that.
func (s *Server) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// Calls lists the calls so far, each as the routing header that came with it: name=… or parent=….
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Serve listens on a free port of 127.0.0.1 until stop is called.
func (s *Server) Serve(options ...grpc.ServerOption) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer(options...)
	secretmanagerpb.RegisterSecretManagerServiceServer(server, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return listener.Addr().String(), func() { server.Stop(); <-done }, nil
}

// AccessSecretVersion answers for projects/…/secrets/…/versions/latest of this project.
func (s *Server) AccessSecretVersion(ctx context.Context, req *secretmanagerpb.AccessSecretVersionRequest) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx); err != nil {
		return nil, err
	}
	path := strings.Split(req.GetName(), "/")
	if len(path) != 6 || path[0] != "projects" || path[2] != "secrets" || path[4] != "versions" || path[5] != "latest" {
		return nil, status.Error(codes.InvalidArgument, "The provided Secret Version ID does not match the expected format.")
	}
	if path[1] != s.Project {
		return nil, status.Errorf(codes.PermissionDenied, "Permission 'secretmanager.versions.access' denied for resource '%s' (or it may not exist).", req.GetName())
	}
	versions := s.secrets[path[3]]
	if len(versions) == 0 {
		return nil, status.Errorf(codes.NotFound, "Secret [%s] not found or has no versions.", strings.Join(path[:4], "/"))
	}
	latest := versions[len(versions)-1]
	name := strings.Join(path[:5], "/") + "/" + strconv.Itoa(len(versions))
	if latest.state != secretmanagerpb.SecretVersion_ENABLED {
		return nil, status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in %s state.", name, latest.state)
	}
	sum := int64(crc32.Checksum([]byte(latest.text), crc32.MakeTable(crc32.Castagnoli)))
	resp := &secretmanagerpb.AccessSecretVersionResponse{
		Name:    name,
		Payload: &secretmanagerpb.SecretPayload{Data: []byte(latest.text), DataCrc32C: &sum},
	}
	if s.Wrong != nil {
		s.Wrong(resp)
	}
	return resp, nil
}

// ListSecrets answers page by page, in the order of the names.
func (s *Server) ListSecrets(ctx context.Context, req *secretmanagerpb.ListSecretsRequest) (*secretmanagerpb.ListSecretsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx); err != nil {
		return nil, err
	}
	if req.GetParent() != "projects/"+s.Project {
		return nil, status.Errorf(codes.PermissionDenied, "Permission 'secretmanager.secrets.list' denied for resource '%s' (or it may not exist).", req.GetParent())
	}
	names := slices.Sorted(maps.Keys(s.secrets))
	start := 0
	if req.GetPageToken() != "" {
		var err error
		if start, err = strconv.Atoi(req.GetPageToken()); err != nil || start > len(names) {
			return nil, status.Error(codes.InvalidArgument, "Invalid page token.")
		}
	}
	end := len(names)
	if size := int(req.GetPageSize()); size > 0 {
		end = min(end, start+size)
	}
	resp := &secretmanagerpb.ListSecretsResponse{TotalSize: int32(len(names))}
	for _, name := range names[start:end] {
		resp.Secrets = append(resp.Secrets, &secretmanagerpb.Secret{Name: req.GetParent() + "/secrets/" + name})
	}
	if end < len(names) {
		resp.NextPageToken = strconv.Itoa(end)
	}
	return resp, nil
}

func (s *Server) called(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	s.calls = append(s.calls, strings.Join(md.Get("x-goog-request-params"), "&"))
	return s.failure
}
