// Package discover stands in for the lookup of cluster members in clouds, which no test uses, and keeps the SDKs of a
// dozen clouds out of the build.
package discover

import (
	"errors"
	"log"
)

// Provider finds the addresses of cluster members.
type Provider interface {
	Addrs(args map[string]string, l *log.Logger) ([]string, error)
	Help() string
}

// Providers is empty.
var Providers = map[string]Provider{}

// Option configures a Discover.
type Option func(*Discover) error

// WithProviders is accepted and ignored.
func WithProviders(map[string]Provider) Option { return nil }

// Discover finds nothing.
type Discover struct{}

// New returns a Discover.
func New(...Option) (*Discover, error) { return &Discover{}, nil }

// Addrs fails.
func (*Discover) Addrs(string, *log.Logger) ([]string, error) {
	return nil, errors.New("discovery is not built into this test server")
}

// Config is the parsed form of a discovery setting.
type Config map[string]string

// String is blank.
func (Config) String() string { return "" }

// Parse fails.
func Parse(string) (Config, error) {
	return nil, errors.New("discovery is not built into this test server")
}
