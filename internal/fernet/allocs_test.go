//go:build !race

package fernet_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Without the race detector, under which sync.Pool drops what it is given now and then.
func TestAllocations(t *testing.T) {
	r := ring(t, key1)
	token := r.Encrypt([]byte("sixteen letters!"), date)
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := r.Decrypt(token); err != nil {
			t.Fatal(err)
		}
	})
	assert.LessOrEqual(t, allocations, 3.0)
}
