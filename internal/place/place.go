// Package place knows when an error may tell where a server is: from the moment that one has answered there. Until then what is
// taken for its address may be a piece of a password, because a data source name was misread.
package place

import "sync/atomic"

// Place is the address of a server. Methods are safe for concurrent use. A nil Place is never told.
type Place struct {
	address  func() string // behind a func, which no dumper opens
	answered atomic.Bool
}

// New returns a Place where no server has answered yet.
func New(address string) *Place { return &Place{address: func() string { return address }} }

// Answered notes that a server has.
func (p *Place) Answered() {
	if p != nil {
		p.answered.Store(true)
	}
}

// After appends the address to the name of what is there, as soon as it may be told.
func (p *Place) After(name string) string {
	if p == nil || !p.answered.Load() {
		return name
	}
	return name + " " + p.address()
}
