package awswire

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

type secret struct {
	text    *string
	binary  []byte
	version int
	changed time.Time
	deleted bool // scheduled for deletion
	failure *Failure
}

const suffix = "-AbCdEf" // what Secrets Manager adds to a name in its ARN

// SecretARN is the ARN of the secret that is called name.
func SecretARN(name string) string {
	return "arn:aws:secretsmanager:" + Region + ":" + Account + ":secret:" + name + suffix
}

// SetSecret stores a text as the current version of a secret, SetBinary bytes.
func (s *Server) SetSecret(name, text string) { s.setSecret(name, &text, nil) }

// SetBinary stores bytes as the current version of a secret.
func (s *Server) SetBinary(name string, data []byte) { s.setSecret(name, nil, data) }

func (s *Server) setSecret(name string, text *string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storeSecret(name, text, data)
}

func (s *Server) storeSecret(name string, text *string, data []byte) {
	x := s.secrets[name]
	if x == nil {
		x = &secret{}
		s.secrets[name] = x
	}
	x.text, x.binary, x.changed = text, data, time.Now()
	x.version++
}

// FailSecret makes one secret answer with a failure, alone and in batches.
func (s *Server) FailSecret(name string, f Failure) {
	s.SetSecret(name, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name].failure = &f
}

type secretNamed struct {
	SecretID                   string `json:"SecretId"`
	VersionStage, VersionID    string
	ForceDeleteWithoutRecovery bool
}

func (in secretNamed) names() ([]string, bool) { return []string{in.SecretID}, false }

type secretOut struct {
	ARN, Name     string
	VersionID     string   `json:"VersionId"`
	VersionStages []string `json:",omitempty"`
	SecretString  *string  `json:",omitempty"`
	SecretBinary  []byte   `json:",omitempty"`
	CreatedDate   float64
}

var secretName = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@!\-]{1,512}$`)

// findSecret finds a secret by its name, its ARN, or its ARN without what was added to the name.
func (s *Server) findSecret(id string) (name string, x *secret, err error) {
	name = id
	if resource, ok := strings.CutPrefix(id, strings.TrimSuffix(SecretARN(""), suffix)); ok {
		name = resource
		if s.secrets[name] == nil {
			name = strings.TrimSuffix(resource, suffix)
		}
	}
	if strings.HasPrefix(name, "arn:") {
		return "", nil, &Failure{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
	}
	if !secretName.MatchString(name) {
		return "", nil, invalid("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if x = s.secrets[name]; x == nil {
		return "", nil, &Failure{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
	}
	return name, x, nil
}

func (s *Server) getSecretValue(in secretNamed) (*secretOut, error) {
	name, x, err := s.findSecret(in.SecretID)
	switch {
	case err != nil:
		return nil, err
	case x.failure != nil:
		return nil, x.failure
	case x.deleted:
		return nil, &Failure{http.StatusBadRequest, "InvalidRequestException",
			"You can't perform this operation on the secret because it was marked for deletion."}
	}
	return &secretOut{ARN: SecretARN(name), Name: name, VersionID: "00000000-0000-4000-8000-000000000002",
		VersionStages: []string{"AWSCURRENT"}, SecretString: x.text, SecretBinary: x.binary, CreatedDate: date(x.changed)}, nil
}

type batchIn struct {
	SecretIDList []string `json:"SecretIdList"`
	NextToken    string
}

func (in batchIn) names() ([]string, bool) { return in.SecretIDList, in.NextToken != "" }

type batchError struct {
	SecretID  string `json:"SecretId"`
	ErrorCode string
	Message   string
}

type batchOut struct {
	SecretValues []*secretOut
	Errors       []batchError
	NextToken    string `json:",omitempty"`
}

func (s *Server) batchGetSecretValue(in batchIn) (out batchOut, err error) {
	if len(in.SecretIDList) == 0 || len(in.SecretIDList) > 20 {
		return out, invalid("1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: 1 to 20 members")
	}
	for _, id := range in.SecretIDList {
		x, err := s.getSecretValue(secretNamed{SecretID: id})
		if err == nil {
			out.SecretValues = append(out.SecretValues, x)
			continue
		}
		f := err.(*Failure)
		out.Errors = append(out.Errors, batchError{id, f.Code, f.Message})
	}
	return out, nil
}

type listIn struct {
	Filters []struct {
		Key    string
		Values []string
	}
	IncludePlannedDeletion bool
	MaxResults             int
	NextToken              string
}

func (in listIn) names() (names []string, page bool) {
	for _, f := range in.Filters {
		names = append(names, f.Values...)
	}
	return names, in.NextToken != ""
}

type listEntry struct{ ARN, Name string }

type listOut struct {
	SecretList []listEntry
	NextToken  string `json:",omitempty"`
}

func (s *Server) listSecrets(in listIn) (out listOut, err error) {
	size := in.MaxResults
	if size == 0 {
		size = 100
	}
	if size < 1 || size > 100 {
		return out, &Failure{http.StatusBadRequest, "InvalidParameterException", "MaxResults must be 1 to 100"}
	}
	for _, f := range in.Filters {
		if f.Key != "name" || len(f.Values) != 1 {
			return out, &Failure{http.StatusBadRequest, "InvalidParameterException", "this server filters by one name"}
		}
	}
	keep := func(name string, x *secret) bool {
		for _, f := range in.Filters {
			if !strings.HasPrefix(name, f.Values[0]) {
				return false
			}
		}
		return !x.deleted || in.IncludePlannedDeletion
	}
	names, next, err := page(s.secrets, keep, in.NextToken, size)
	for _, name := range names {
		out.SecretList = append(out.SecretList, listEntry{SecretARN(name), name})
	}
	out.NextToken = next
	return out, err
}

type storeIn struct {
	Name         string
	SecretID     string `json:"SecretId"`
	SecretString *string
	SecretBinary []byte
}

func (in storeIn) names() ([]string, bool) { return []string{in.Name + in.SecretID}, false }

func (s *Server) createSecret(in storeIn) (any, error) {
	switch {
	case !secretName.MatchString(in.Name):
		return nil, invalid("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	case s.secrets[in.Name] != nil:
		return nil, &Failure{http.StatusBadRequest, "ResourceExistsException", "The operation failed because the secret already exists."}
	}
	return s.putSecret(in.Name, in)
}

func (s *Server) updateSecret(in storeIn) (any, error) {
	name, _, err := s.findSecret(in.SecretID)
	if err != nil {
		return nil, err
	}
	return s.putSecret(name, in)
}

func (s *Server) putSecret(name string, in storeIn) (any, error) {
	if in.SecretString != nil && (*in.SecretString == "" || len(*in.SecretString) > 65536) || len(in.SecretBinary) > 65536 {
		return nil, invalid("1 validation error detected: Value at 'secretString' failed to satisfy constraint: 1 to 65536 bytes")
	}
	s.storeSecret(name, in.SecretString, in.SecretBinary)
	return map[string]any{"ARN": SecretARN(name), "Name": name}, nil
}

func (s *Server) deleteSecret(in secretNamed) (any, error) {
	name, x, err := s.findSecret(in.SecretID)
	if err != nil {
		return nil, err
	}
	x.deleted = true
	if in.ForceDeleteWithoutRecovery {
		delete(s.secrets, name)
	}
	return map[string]any{"ARN": SecretARN(name), "Name": name, "DeletionDate": date(time.Now())}, nil
}
