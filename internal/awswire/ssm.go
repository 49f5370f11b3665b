package awswire

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type parameter struct {
	kind     string
	versions []string
	changed  time.Time
}

// SetParameter stores a version of a parameter; kind is String, StringList or SecureString.
func (s *Server) SetParameter(name, kind, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setParameter(name, kind, value)
}

func (s *Server) setParameter(name, kind, value string) int {
	p := s.parameters[name]
	if p == nil {
		p = &parameter{}
		s.parameters[name] = p
	}
	p.kind, p.changed = kind, time.Now()
	p.versions = append(p.versions, value)
	return len(p.versions)
}

type parameterNamed struct {
	Name           string
	WithDecryption bool
}

func (in parameterNamed) names() ([]string, bool) { return []string{in.Name}, false }

type parameterOut struct {
	ARN, Name, Type, Value string `json:",omitempty"`
	DataType               string
	Version                int
	LastModifiedDate       float64
}

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkParameterName is what AWS demands of a name: without the selector.
func checkParameterName(name string) error {
	switch {
	case !parameterName.MatchString(name), strings.Contains(name, "/") && !strings.HasPrefix(name, "/"), strings.Contains(name, "//"):
		return invalid("Invalid parameter name %s. Please use correct syntax for referencing a version/label <name>:<version/label>", name)
	case len(name) > 1011, strings.Count(name, "/") > 15:
		return invalid("Parameter name %s is too long or has too many levels", name)
	}
	return nil
}

func (s *Server) findParameter(selected string, decrypt bool) (*parameterOut, error) {
	name, selector, hasSelector := strings.Cut(strings.TrimSpace(selected), ":")
	if err := checkParameterName(name); err != nil {
		return nil, err
	}
	p := s.parameters[name]
	if p == nil {
		return nil, &Failure{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	version := len(p.versions)
	if hasSelector {
		n, err := strconv.Atoi(selector)
		if err != nil || n < 1 || n > len(p.versions) {
			return nil, &Failure{http.StatusBadRequest, "ParameterVersionNotFound", ""}
		}
		version = n
	}
	value := p.versions[version-1]
	if p.kind == "SecureString" && !decrypt {
		value = "AQICAHciphertext"
	}
	return &parameterOut{
		ARN: "arn:aws:ssm:" + Region + ":" + Account + ":parameter" + name, Name: name, Type: p.kind, Value: value,
		DataType: "text", Version: version, LastModifiedDate: date(p.changed),
	}, nil
}

func (s *Server) getParameter(in parameterNamed) (any, error) {
	p, err := s.findParameter(in.Name, in.WithDecryption)
	return map[string]any{"Parameter": p}, err
}

type parametersIn struct {
	Names          []string
	WithDecryption bool
}

func (in parametersIn) names() ([]string, bool) { return in.Names, false }

type parametersOut struct {
	Parameters        []*parameterOut
	InvalidParameters []string
}

func (s *Server) getParameters(in parametersIn) (out parametersOut, err error) {
	if len(in.Names) == 0 || len(in.Names) > 10 {
		return out, invalid("1 validation error detected: Value at 'names' failed to satisfy constraint: 1 to 10 members")
	}
	for _, name := range in.Names {
		p, err := s.findParameter(name, in.WithDecryption)
		switch f, _ := err.(*Failure); {
		case err == nil:
			out.Parameters = append(out.Parameters, p)
		case f.Code == "ValidationException":
			return parametersOut{}, err
		default:
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

type describeIn struct {
	ParameterFilters []struct {
		Key, Option string
		Values      []string
	}
	MaxResults int
	NextToken  string
}

func (in describeIn) names() (names []string, page bool) {
	for _, f := range in.ParameterFilters {
		names = append(names, f.Values...)
	}
	return names, in.NextToken != ""
}

type describeOut struct {
	Parameters []parameterOut
	NextToken  string `json:",omitempty"`
}

func (s *Server) describeParameters(in describeIn) (out describeOut, err error) {
	size := in.MaxResults
	if size == 0 {
		size = 10
	}
	if size < 1 || size > 50 {
		return out, invalid("1 validation error detected: Value at 'maxResults' failed to satisfy constraint: 1 to 50")
	}
	for _, f := range in.ParameterFilters {
		if f.Key != "Path" || f.Option != "Recursive" || len(f.Values) != 1 {
			return out, &Failure{http.StatusBadRequest, "InvalidFilterKey", ""}
		}
		if v := f.Values[0]; !strings.HasPrefix(v, "/") || strings.Contains(v, "//") || !parameterName.MatchString(v) {
			return out, invalid("The parameter doesn't meet the parameter name requirements.")
		}
	}
	keep := func(name string, _ *parameter) bool {
		for _, f := range in.ParameterFilters {
			if !strings.HasPrefix("/"+strings.TrimPrefix(name, "/"), strings.TrimSuffix(f.Values[0], "/")+"/") {
				return false
			}
		}
		return true
	}
	names, next, err := page(s.parameters, keep, in.NextToken, size)
	for _, name := range names {
		p := s.parameters[name]
		out.Parameters = append(out.Parameters, parameterOut{Name: name, Type: p.kind, DataType: "text",
			Version: len(p.versions), LastModifiedDate: date(p.changed)})
	}
	out.NextToken = next
	return out, err
}

type putParameterIn struct {
	Name, Type, Value string
	Overwrite         bool
}

func (in putParameterIn) names() ([]string, bool) { return []string{in.Name}, false }

func (s *Server) putParameter(in putParameterIn) (any, error) {
	if err := checkParameterName(in.Name); err != nil {
		return nil, err
	}
	switch p := s.parameters[in.Name]; {
	case in.Value == "" || len(in.Value) > 8192:
		return nil, invalid("1 validation error detected: Value at 'value' failed to satisfy constraint: 1 to 8192 bytes")
	case p == nil && in.Type == "":
		return nil, invalid("A parameter type is required when you create a parameter.")
	case p != nil && !in.Overwrite:
		return nil, &Failure{http.StatusBadRequest, "ParameterAlreadyExists", "The parameter already exists."}
	case in.Type == "":
		in.Type = p.kind
	}
	return map[string]any{"Version": s.setParameter(in.Name, in.Type, in.Value), "Tier": "Standard"}, nil
}

func (s *Server) deleteParameter(in parameterNamed) (struct{}, error) {
	if s.parameters[in.Name] == nil {
		return struct{}{}, &Failure{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	delete(s.parameters, in.Name)
	return struct{}{}, nil
}
