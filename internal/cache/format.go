package cache

import (
	"fmt"
	"io"
)

// Format prints the type and nothing else, whatever the verb: what is inside is in use and may be secret.
func (c *Cache[V]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "cache.Cache") }

// Format prints the type and nothing else, whatever the verb.
func (f *Flight[K, V]) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "cache.Flight") }
