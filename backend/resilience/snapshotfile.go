package resilience

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/fernet"
)

// snapshotName is what a kept value is kept under.
type snapshotName struct {
	Kind secrets.Kind
	ID   string
}

// snapshotValue is what the store gave under a name: one text, or one for each connection.
type snapshotValue struct {
	texts []string
	read  time.Time // when the store last gave it
}

// snapshotLine is a value in the file. Names and texts are bytes: as JSON strings they would lose what is no UTF-8.
type snapshotLine struct {
	Kind  secrets.Kind `json:"kind"`
	Name  []byte       `json:"name"`
	Texts [][]byte     `json:"values"`
	Read  time.Time    `json:"read"`
}

// snapshotRead is the reads of one name that are under way. What the store said before the name was dropped is not kept.
type snapshotRead struct {
	callers int
	dropped bool
}

// snapshotStore is the values in memory and the file behind them.
type snapshotStore struct {
	opts SnapshotOptions
	keys *fernet.Ring

	loading sync.Once
	mu      sync.Mutex                            // guards what follows; not held while the file is written
	entries func() map[snapshotName]snapshotValue // behind a func, which no printer and no dumper opens
	reads   map[snapshotName]*snapshotRead
	problem error // why the file cannot be used
	timer   *time.Timer
	dirty   bool
	closed  bool

	writing    sync.Mutex     // one write at a time
	background sync.WaitGroup // the write that timer begins
}

func newSnapshotStore(opts SnapshotOptions) (*snapshotStore, error) {
	if opts.Path == "" {
		return nil, errors.New("no path is given")
	}
	if len(opts.FernetKeys) == 0 {
		return nil, errors.New("no Fernet key is given: the file is never written in clear")
	}
	texts := make([]string, len(opts.FernetKeys))
	for i, key := range opts.FernetKeys {
		texts[i] = key.Reveal()
	}
	keys, err := fernet.New(texts...)
	if err != nil {
		return nil, err
	}
	entries := map[snapshotName]snapshotValue{}
	return &snapshotStore{opts: opts, keys: keys, reads: map[snapshotName]*snapshotRead{},
		entries: func() map[snapshotName]snapshotValue { return entries }}, nil
}

// load reads the file once, before anything is kept, so that no value in it is lost.
func (s *snapshotStore) load() {
	s.loading.Do(func() {
		lines, err := s.read()
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.problem = err
			s.opts.Logger.Error("secrets: the snapshot cannot be used; it is left as it is",
				slog.String("path", s.opts.Path), slog.Any("error", err))
			return
		}
		for _, l := range lines {
			v := snapshotValue{read: l.Read}
			for _, text := range l.Texts {
				v.texts = append(v.texts, string(text))
			}
			if len(v.texts) > 0 && s.good(v) {
				s.entries()[snapshotName{l.Kind, string(l.Name)}] = v
			}
		}
	})
}

// good reports whether a value is young enough. One from the future, by as much as MaxAge, is too: clocks are set.
func (s *snapshotStore) good(v snapshotValue) bool {
	return s.opts.Now().Sub(v.read).Abs() <= s.opts.MaxAge
}

func (s *snapshotStore) read() ([]snapshotLine, error) {
	file, err := os.Open(s.opts.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the file %s cannot be opened", secrets.ErrUnavailable, s.opts.Path)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: the file %s cannot be read", secrets.ErrUnavailable, s.opts.Path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: other users may read the file %s: make it mode 0600 or remove it", secrets.ErrDenied, s.opts.Path)
	}
	token, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("%w: the file %s cannot be read", secrets.ErrUnavailable, s.opts.Path)
	}
	text, err := s.keys.Decrypt(string(token))
	if err != nil {
		return nil, fmt.Errorf("%w: the file %s is damaged, or none of the keys fits", secrets.ErrMalformed, s.opts.Path)
	}
	var lines []snapshotLine
	if json.Unmarshal(text, &lines) != nil {
		return nil, fmt.Errorf("%w: the file %s is of another version", secrets.ErrMalformed, s.opts.Path)
	}
	return lines, nil
}

// begin notes that names are being read from the store. What it returns is called once with what the store has given;
// names that were dropped in between are not kept.
func (s *snapshotStore) begin(names ...snapshotName) (end func(given map[snapshotName][]string)) {
	s.load()
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := make(map[snapshotName]*snapshotRead, len(names))
	for _, name := range names {
		if mine[name] != nil {
			continue
		}
		if s.reads[name] == nil {
			s.reads[name] = &snapshotRead{}
		}
		mine[name] = s.reads[name]
		mine[name].callers++
	}
	return func(given map[snapshotName][]string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for name, r := range mine {
			if texts, ok := given[name]; ok && !r.dropped {
				s.keep(name, texts)
			}
			if r.callers--; r.callers == 0 && s.reads[name] == r {
				delete(s.reads, name)
			}
		}
	}
}

// keep remembers what the store gave. A value that has not changed is written again only when it has aged a little.
// Called with mu held.
func (s *snapshotStore) keep(name snapshotName, texts []string) {
	now := s.opts.Now()
	old, had := s.entries()[name]
	if had && slices.Equal(old.texts, texts) && now.Sub(old.read).Abs() <= s.opts.MaxAge/10 {
		return
	}
	s.entries()[name] = snapshotValue{texts, now}
	if len(s.entries()) > s.opts.MaxEntries {
		s.dropOldest()
	}
	s.changed()
}

// dropOldest makes room: a tenth at once, so that the next names do not each look for one. Called with mu held.
func (s *snapshotStore) dropOldest() {
	names := make([]snapshotName, 0, len(s.entries()))
	for name := range s.entries() {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b snapshotName) int { return s.entries()[a].read.Compare(s.entries()[b].read) })
	for _, name := range names[:max(1, len(names)/10)] {
		delete(s.entries(), name)
	}
}

// drop forgets a value, in the file too, and keeps reads that are under way from bringing it back.
func (s *snapshotStore) drop(name snapshotName) {
	s.load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.reads[name]; r != nil {
		r.dropped = true
		delete(s.reads, name)
	}
	if _, ok := s.entries()[name]; ok {
		delete(s.entries(), name)
		s.changed()
	}
}

// find returns a value that is still good; nil: none. The error is why the file cannot be used.
func (s *snapshotStore) find(name snapshotName) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.entries()[name]
	if !ok || !s.good(v) {
		return nil, s.problem
	}
	return v.texts, nil
}

// changed sees to it that the file is written soon. Called with mu held.
func (s *snapshotStore) changed() {
	s.dirty = true
	if s.timer == nil && !s.closed && s.problem == nil {
		s.background.Add(1)
		s.timer = time.AfterFunc(s.opts.Delay, func() {
			defer s.background.Done()
			_ = s.save()
		})
	}
}

// save writes the file if something has changed. A failed write is tried again with the next change, and by close.
func (s *snapshotStore) save() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	s.timer = nil
	if !s.dirty || s.problem != nil {
		s.mu.Unlock()
		return nil
	}
	s.dirty = false
	lines := make([]snapshotLine, 0, len(s.entries()))
	for name, v := range s.entries() {
		if !s.good(v) {
			continue
		}
		l := snapshotLine{Kind: name.Kind, Name: []byte(name.ID), Read: v.read}
		for _, text := range v.texts {
			l.Texts = append(l.Texts, []byte(text))
		}
		lines = append(lines, l)
	}
	s.mu.Unlock()
	text, err := json.Marshal(lines)
	if err != nil { // names, texts and times can be written, but for a year beyond 9999; encoding/json saw secrets, and is not quoted
		err = errors.New("the clock, Now, tells a year that cannot be written")
	} else {
		err = replaceFile(s.opts.Path, []byte(s.keys.Encrypt(text, s.opts.Now())))
	}
	if err != nil {
		err = &secrets.Error{Op: "write", StoreName: s.opts.Path, Err: fmt.Errorf("%w: %w", secrets.ErrUnavailable, err)}
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
		s.opts.Logger.Error("secrets: the snapshot cannot be written", slog.String("path", s.opts.Path), slog.Any("error", err))
	}
	return err
}

// close writes what has changed and ends the background.
func (s *snapshotStore) close() error {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil && s.timer.Stop() {
		s.background.Done()
	}
	s.mu.Unlock()
	s.background.Wait()
	return s.save()
}

// replaceFile puts data into a new file of mode 0600 beside path and moves it there: whoever opens path finds the old
// content or the new, whole. What a process that was killed has left of its new file is removed.
func replaceFile(path string, data []byte) (err error) {
	temporary := path + ".new"
	_ = os.Remove(temporary)
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	return err
}
