package secrets

// A Masker is told every secret that a chain reads from its layers, before any caller gets it, so that it can be masked
// wherever it shows by mistake. The Redactor of package redact is one. It is called once per fetch, not on cache hits,
// by many goroutines at once, and must be quick: the lookup waits for it.
type Masker interface {
	// MaskConnection is told a connection: its password and the sensitive values of its extra are secret.
	MaskConnection(c Connection)
	// MaskText is told a variable or a config value; whether a variable is secret is for the Masker to tell by its id.
	MaskText(kind Kind, id string, text Secret)
}

// mask tells the Masker what was found.
func (c *Chain) mask(r request, f found) {
	if c.masker == nil {
		return
	}
	if r.kind != KindConnection {
		c.masker.MaskText(r.kind, r.id, NewSecret(f.text))
		return
	}
	for _, conn := range f.conns {
		c.masker.MaskConnection(conn)
	}
}
