// Package cache holds the two pieces of machinery between a reader and a slow store: [Flight] shares one load among
// the callers who want the same key at the same time, and [Cache] keeps what was loaded for a while.
//
// Both are generic, know nothing of what they carry, and import the standard library only. They hold values without
// ever formatting, logging or comparing them.
package cache
