package backendtest_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestFakeIsABackend(t *testing.T) {
	backendtest.RunWrapped(t, func(fake secrets.Backend) secrets.Backend { return fake })
}

func TestContentByName(t *testing.T) {
	c := backendtest.Content{
		Connections: map[string][]string{"db": {"mysql://a", "mysql://b"}, "none": {}},
		Variables:   map[string]string{"blank": ""},
		Config:      map[string]string{"key": "value"},
	}
	assert.Equal(t, map[string]string{"c/db": "mysql://a", "v/blank": "", "key": "value"}, maps.Collect(c.Named("c/", "v/", "")))
}
