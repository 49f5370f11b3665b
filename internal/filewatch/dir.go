package filewatch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An Entry is what was made of one file of a directory.
type Entry[V any] struct {
	Value V     // made of the last good version
	Good  bool  // there was one
	Err   error // what is wrong with the present version; nil: Value is made of it
}

// Dir watches the regular files of a directory by name. Directories in it, and names that begin with two dots, are left
// out. A file that cannot be used spoils no other; the error of the whole says that the
// directory cannot be read. Parse is called by one goroutine at a time.
//
// Where there is a directory ..data, as in volumes that Kubernetes writes, all files are read from one version of it,
// and one look at it tells whether it was swapped. Elsewhere, and while a file there cannot be used, each is looked at.
func Dir[V any](path string, opts Options, parse func(name string, c Content) (V, error)) *Watch[map[string]Entry[V]] {
	d := &dir[V]{path: path, opts: opts, parse: parse}
	opts.Report = nil // files are reported one by one
	return newWatch(opts, source[map[string]Entry[V]]{d.unchanged, d.read})
}

type dir[V any] struct {
	path  string
	opts  Options
	parse func(name string, c Content) (V, error)
}

// listing marks one version of a directory.
type listing struct {
	data  fs.FileInfo // of ..data; nil: none
	files map[string]*stamp
	bad   bool // something in it could not be used, and may have been mended where it is
}

// unchanged is known of volumes only.
func (d *dir[V]) unchanged(known *State[map[string]Entry[V]]) bool {
	seen := known.listing
	if seen == nil || seen.data == nil || seen.bad {
		return false
	}
	data, err := os.Stat(d.volume())
	return err == nil && same(seen.data, data)
}

// volume is the link to the present version, where the directory is a volume of Kubernetes.
func (d *dir[V]) volume() string { return filepath.Join(d.path, "..data") }

func (d *dir[V]) read(ctx context.Context, last *State[map[string]Entry[V]]) (*State[map[string]Entry[V]], error) {
	next, err := d.look(ctx, last)
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		next = &State[map[string]Entry[V]]{Value: last.Value, Good: last.Good, Err: problem(d.path, 0, err)}
		d.opts.report(last.Err, next.Err, last.Good != None)
	}
	return next, nil
}

func (d *dir[V]) look(ctx context.Context, last *State[map[string]Entry[V]]) (*State[map[string]Entry[V]], error) {
	seen := last.listing
	for range attempts {
		volume := d.volume()
		data, err := os.Stat(volume)
		if err != nil || !data.IsDir() {
			if seen != nil && seen.data != nil {
				seen = nil
			}
			return d.list(ctx, d.path, &listing{}, seen, last)
		}
		known := seen
		switch {
		case seen == nil || seen.data == nil || !same(seen.data, data):
			known = nil
		case !seen.bad:
			return last, nil
		}
		version, err := filepath.EvalSymlinks(volume)
		if err != nil {
			continue // swapped just now
		}
		next, err := d.list(ctx, version, &listing{data: data}, known, last)
		if still, gone := os.Stat(volume); gone != nil || !same(data, still) {
			continue
		}
		return next, err
	}
	return nil, errChanging
}

// list makes the value of the files in root. Of files that seen marks, the last value is kept; nil marks none.
func (d *dir[V]) list(ctx context.Context, root string, now, seen *listing, last *State[map[string]Entry[V]]) (*State[map[string]Entry[V]], error) {
	if seen == nil {
		seen = &listing{}
	}
	found, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	now.files = make(map[string]*stamp, len(found))
	values := make(map[string]Entry[V], len(found))
	unchanged := last.Err == nil && last.Good == Whole
	for _, f := range found {
		name := f.Name()
		if strings.HasPrefix(name, "..") {
			continue
		}
		path := filepath.Join(root, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue // a broken link, a directory, a socket
		}
		var (
			text []byte
			mark *stamp
			v    V
		)
		if err == nil {
			text, mark, err = readStable(ctx, path, info, seen.files[name], d.opts.Limit)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if mark != nil {
			now.files[name] = mark
		}
		entry := last.Value[name]
		switch {
		case err != nil:
			err = problem(path, d.opts.Limit, err)
		case text == nil:
			values[name] = entry
			now.bad = now.bad || entry.Err != nil
			continue
		default:
			v, err = d.parse(name, Content{Data: text, Info: mark.info})
		}
		if err == nil {
			entry = Entry[V]{Value: v, Good: true}
		}
		d.opts.report(entry.Err, err, true)
		entry.Err = err
		now.bad = now.bad || err != nil
		values[name] = entry
		unchanged = false
	}
	if unchanged && len(values) == len(last.Value) {
		values = last.Value
	}
	return &State[map[string]Entry[V]]{Value: values, Good: Whole, listing: now}, nil
}
