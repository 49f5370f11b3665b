package filewatch

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"time"
)

// What can be wrong with a file, besides what package os reports.
var (
	errTooLarge   = errors.New("larger than allowed")
	errNotRegular = errors.New("not a regular file")
	errChanging   = errors.New("changed again and again while it was read")
)

const (
	settle   = 50 * time.Millisecond // how long a file that may be half written must have been left alone
	emptied  = time.Second           // how long a file must have been empty that was not before
	racy     = 2 * time.Second       // the coarsest clock of a file system in use
	attempts = 5
)

var seed = maphash.MakeSeed()

// stamp marks one version of a file.
type stamp struct {
	info fs.FileInfo
	sum  uint64 // of the content
	racy bool   // a later version might have the same info
	lost bool   // it could not be read again since, so that the next one is perhaps being written
}

// again marks the same version after it could not be read.
func (s *stamp) again() *stamp {
	if s == nil {
		return nil
	}
	return &stamp{info: s.info, racy: true, lost: true} // without the sum, it is read again when it is back
}

// is reports whether info is that of the version.
func (s *stamp) is(info fs.FileInfo) bool { return s != nil && same(s.info, info) }

func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// readStable reads the file at path unless it is the version that last marks: then it returns last and no data.
func readStable(ctx context.Context, path string, info fs.FileInfo, last *stamp, limit int64) ([]byte, *stamp, error) {
	for range attempts {
		unchanged := last.is(info)
		if unchanged && !last.racy {
			return nil, last, nil
		}
		age := time.Since(info.ModTime())
		young := func(limit time.Duration) bool { return 0 <= age && age < limit }
		switch {
		case unchanged && young(settle):
			return nil, last, nil // it might change yet, and a later look will read it again
		case info.Size() == 0 && last != nil && last.info.Size() > 0 && young(emptied):
			return nil, last, nil // somebody is about to write it anew
		case !info.Mode().IsRegular():
			return nil, last.again(), errNotRegular
		case info.Size() > limit:
			return nil, &stamp{info: info}, errTooLarge
		}
		rewritten := last != nil && !unchanged && (last.lost || os.SameFile(last.info, info))
		if (rewritten || info.Size() == 0) && age < settle {
			if err := wait(ctx, settle-max(age, 0)); err != nil {
				return nil, nil, err
			}
			again, err := os.Stat(path)
			if err != nil {
				return nil, last.again(), err
			}
			if !same(info, again) {
				info = again
				continue
			}
		}
		data, now, err := readOnce(path, info)
		if err != nil {
			return nil, last.again(), err
		}
		if now == nil {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			if info, err = os.Stat(path); err != nil {
				return nil, last.again(), err
			}
			continue
		}
		if unchanged && last.is(now.info) && now.sum == last.sum {
			return nil, now, nil
		}
		return data, now, nil
	}
	return nil, last.again(), errChanging
}

// readOnce reads the version that info is of; a nil stamp without an error says that it is gone.
func readOnce(path string, info fs.FileInfo) ([]byte, *stamp, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	before, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !same(info, before) {
		return nil, nil, nil
	}
	data := make([]byte, before.Size()+1)
	n, err := io.ReadFull(f, data)
	if err == nil || int64(n) != before.Size() {
		return nil, nil, nil
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, nil, err
	}
	data = data[:n]
	after, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !same(before, after) || !same(after, there) {
		return nil, nil, nil
	}
	return data, &stamp{info: after, sum: maphash.Bytes(seed, data), racy: time.Since(after.ModTime()) < racy}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
