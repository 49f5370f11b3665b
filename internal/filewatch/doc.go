// Package filewatch keeps a value that is made from a file or a directory, and makes it anew when that changes on disk.
//
// A [Watch] looks at the disk at most once per interval, in the goroutine of one of its callers; the others go on with
// what is known. Without an interval every caller looks, and one of them reads. There is no goroutine, no notification
// service, and nothing to close.
//
// # What counts as a change
//
// Size, time of modification, mode, or another file under the name: atomic renames and swaps of symbolic links, such as
// that of ..data in Kubernetes volumes, are seen because the links are followed. A file that was modified less than two
// seconds before it was read might change again without any of these changing, as file systems keep coarse clocks; such
// a file is read again, and compared, until it is old enough.
//
// # Whole versions only
//
// A file is looked at before and after it is read, and read again where the two differ. One that was rewritten in place is
// given 50 milliseconds to settle, in the lookup that found it so, and one that became empty a second, during which the
// last version stays: a writer that truncates and then writes is not caught between the two. Writers that pause for longer
// should write another file and rename it, and so should those that write while the file is read for the first time.
package filewatch
