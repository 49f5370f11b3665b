// Package audit holds no code, but the tests that no single package can hold: a marked secret planted in every input of
// every package, looked for in everything that comes out (TestNothingLeaks) and in what dumpers find inside
// (TestDumpersShowNothing), and every store behind a server that does the worst a network can (TestChaos). TestMain sees
// to it that none of them prints anything or leaves anything running.
package audit
