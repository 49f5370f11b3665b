// Package benchmarks compares cached reads of a chain with what else a program could use, and simulates what a cache
// saves the stores. It is a module of its own, so that nobody else gets its dependencies.
package benchmarks
