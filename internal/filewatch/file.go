package filewatch

import (
	"context"
	"io/fs"
	"os"
)

// A Content is what one version of a file holds, and what the file system says of it.
type Content struct {
	Data []byte // the parser's to keep
	Info fs.FileInfo
}

// Parse makes a value of a file, and is called by one goroutine at a time. With an error, usable tells that the value may
// serve all the same where none without an error is known.
type Parse[T any] func(Content) (value T, usable bool, err error)

// File watches one file. A damaged version is parsed once.
func File[T any](path string, opts Options, parse Parse[T]) *Watch[T] {
	unchanged := func(known *State[T]) bool {
		info, err := os.Stat(path)
		return err == nil && known.stamp.is(info) && !known.stamp.racy
	}
	read := func(ctx context.Context, last *State[T]) (*State[T], error) {
		data, now, err := look(ctx, path, opts.Limit, last.stamp)
		if ended := ctx.Err(); ended != nil {
			return nil, ended
		}
		if err == nil && data == nil { // no other version, though perhaps another stamp
			if now == last.stamp {
				return last, nil
			}
			next := *last
			next.stamp = now
			return &next, nil
		}
		next := &State[T]{Value: last.Value, Good: last.Good, stamp: now}
		if err != nil {
			next.Err = problem(path, opts.Limit, err)
			return next, nil
		}
		value, usable, err := parse(Content{Data: data, Info: now.info})
		switch {
		case err == nil:
			next.Value, next.Good = value, Whole
		case usable && last.Good != Whole:
			next.Value, next.Good = value, Partly
		}
		next.Err = err
		return next, nil
	}
	return newWatch(opts, source[T]{unchanged, read})
}

func look(ctx context.Context, path string, limit int64, last *stamp) ([]byte, *stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, last.again(), err
	}
	return readStable(ctx, path, info, last, limit)
}
