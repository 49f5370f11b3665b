package cache

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Flight shares one load among the concurrent callers of a key: however many wait, one load runs.
//
// A load has a context of its own, which keeps the values of the caller that began it. It is cancelled when nobody
// waits any more, and by [Flight.Close]; a caller that leaves harms no other. A caller that arrives after the last one
// left begins a new load and never sees the abandoned one's result.
//
// Nothing is kept after a load has ended: the next caller begins a new one. All methods are safe for concurrent use.
type Flight[K comparable, V any] struct {
	load    func(ctx context.Context, key K) (V, error)
	seed    maphash.Seed
	buckets [flightBuckets]bucket[K, V]

	base   context.Context // of the loads that run on their caller's goroutine; ended by Close
	end    context.CancelCauseFunc
	closed atomic.Pointer[error]
	loads  sync.WaitGroup // the goroutines
}

// flightBuckets is how many ways the table of running loads is split. With ten thousand loads at once a bucket holds
// forty, and is walked in less than a microsecond.
const flightBuckets = 256

// bucket is the part of the table whose keys share the low bits of their hash.
type bucket[K comparable, V any] struct {
	mu    sync.Mutex
	calls *call[K, V] // linked by next
	spare *call[K, V] // one call for the next load, blank
}

// call is one load and those who wait for it. All fields but value and err belong to the bucket's lock; those two are
// written once, before done is closed, and read after.
type call[K comparable, V any] struct {
	key     K
	hash    uint64
	next    *call[K, V]
	waiting int                // callers, the one that runs the load itself included
	passed  bool               // forgotten: it goes on for those who wait, and nobody joins it any more
	over    bool               // done is closed
	cancel  context.CancelFunc // nil: the load runs on its caller's goroutine, and that caller never leaves
	done    chan struct{}      // nil: nobody but the caller that runs the load knows this call
	ended   chan struct{}      // closed when the load has ended; nil: Close does not wait for it
	value   V
	err     error
}

// NewFlight returns a Flight over load, which must be safe for concurrent use, must return promptly when its context
// ends, and must not ask the Flight for the key it is loading.
func NewFlight[K comparable, V any](load func(ctx context.Context, key K) (V, error)) *Flight[K, V] {
	base, end := context.WithCancelCause(context.Background())
	return &Flight[K, V]{load: load, seed: maphash.MakeSeed(), base: base, end: end}
}

// Company says who else has the result of a load, which is to be copied before it is changed if anybody has.
type Company uint8

const (
	Alone  Company = iota // nobody
	Led                   // those who may have joined this caller's load
	Joined                // those who wait for the load of another, as this caller did
)

// Do returns the result of the load of key that is running, or of a new one.
// It returns ctx.Err() as soon as ctx ends, and no other context's error of its own making.
//
// A panic in the load becomes an error that wraps [ErrPanic], for every caller. With a context that can never end, the
// load runs on the caller's own goroutine and costs neither a goroutine nor an allocation.
func (f *Flight[K, V]) Do(ctx context.Context, key K) (v V, with Company, err error) {
	if ctx.Done() != nil {
		if err := ctx.Err(); err != nil {
			return v, Alone, err
		}
	}
	hash := maphash.Comparable(f.seed, key)
	b := &f.buckets[hash%flightBuckets]

	b.mu.Lock()
	if cause := f.closed.Load(); cause != nil {
		b.mu.Unlock()
		return v, Alone, *cause
	}
	if c := b.find(hash, key); c != nil {
		c.waiting++
		if c.done == nil {
			c.done = make(chan struct{})
		}
		b.mu.Unlock()
		v, err = b.wait(ctx, c)
		return v, Joined, err
	}
	c := b.begin(hash, key)
	if ctx.Done() == nil {
		b.mu.Unlock()
		return f.runHere(f.inherit(ctx), b, c, key)
	}
	c.done = make(chan struct{})
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	f.loads.Add(1) // under the lock, so that Close, which takes it too, waits for this one
	b.mu.Unlock()
	go f.run(own, b, c, key, cancel)
	v, err = b.wait(ctx, c)
	return v, Led, err
}

// Forget makes the next caller of key begin a new load even if one is running, which goes on for those who wait for it:
// after a write, nobody is to be given what was read before it.
func (f *Flight[K, V]) Forget(key K) {
	hash := maphash.Comparable(f.seed, key)
	f.buckets[hash%flightBuckets].forget(hash, key)
}

// ForgetAll is Forget for every key.
func (f *Flight[K, V]) ForgetAll() {
	for i := range f.buckets {
		b := &f.buckets[i]
		b.mu.Lock()
		for c := b.calls; c != nil; c = c.next {
			c.passed = true
		}
		b.mu.Unlock()
	}
}

// Close ends the context of every running load, gives cause to everyone who waits and to every later caller, and
// returns when the loads have ended. A caller whose load runs on its own goroutine gets its value if the load
// succeeds all the same. Only the first call's cause counts; later calls wait too. It must not be called from a load.
func (f *Flight[K, V]) Close(cause error) {
	if f.closed.CompareAndSwap(nil, &cause) {
		f.end(cause)
	}
	var here []chan struct{} // of the loads on their callers' goroutines
	for i := range f.buckets {
		here = f.buckets[i].abandon(cause, here)
	}
	f.loads.Wait()
	for _, ended := range here {
		<-ended
	}
}

// inherit returns the context for a load on its caller's goroutine: the values of ctx, and the end of f.base.
func (f *Flight[K, V]) inherit(ctx context.Context) context.Context {
	if ctx == context.Background() || ctx == context.TODO() {
		return f.base
	}
	return &withValues{Context: f.base, values: ctx}
}

// Inline reports whether ctx, the context of a load, is that of a load on its caller's goroutine: the callers for whom
// nanoseconds count.
func (f *Flight[K, V]) Inline(ctx context.Context) bool {
	if ctx == f.base {
		return true
	}
	_, ok := ctx.(*withValues)
	return ok
}

// run is the goroutine of one load.
func (f *Flight[K, V]) run(ctx context.Context, b *bucket[K, V], c *call[K, V], key K, cancel context.CancelFunc) {
	defer f.loads.Done()
	defer cancel()
	var v V
	err := error(ErrPanic) // what the others get if load ends this goroutine
	defer func() {
		if r := recover(); r != nil {
			err = panicError()
		}
		b.finish(c, v, err)
	}()
	v, err = f.load(ctx, key)
}

// runHere is one load on its caller's goroutine.
func (f *Flight[K, V]) runHere(ctx context.Context, b *bucket[K, V], c *call[K, V], key K) (v V, with Company, err error) {
	err = ErrPanic // what the others get if load ends this goroutine
	defer func() {
		if r := recover(); r != nil {
			err = panicError()
		}
		with = b.finish(c, v, err)
		if err != nil {
			if cause := f.closed.Load(); cause != nil {
				err = *cause
			}
		}
	}()
	v, err = f.load(ctx, key)
	return v, Alone, err
}

// find returns the running call of key that callers may join, or nil.
func (b *bucket[K, V]) find(hash uint64, key K) *call[K, V] {
	for c := b.calls; c != nil; c = c.next {
		if c.hash == hash && c.key == key && !c.passed {
			return c
		}
	}
	return nil
}

// begin enters a new call with one waiting caller.
func (b *bucket[K, V]) begin(hash uint64, key K) *call[K, V] {
	c := b.spare
	if c == nil {
		c = new(call[K, V])
	}
	b.spare = nil
	c.key, c.hash, c.waiting, c.next = key, hash, 1, b.calls
	b.calls = c
	return c
}

// remove takes c out of the table if it is still there.
func (b *bucket[K, V]) remove(c *call[K, V]) {
	for p := &b.calls; *p != nil; p = &(*p).next {
		if *p == c {
			*p, c.next = c.next, nil
			return
		}
	}
}

// wait returns the result of c, or ctx.Err() once ctx has ended; the last to leave stops the load.
func (b *bucket[K, V]) wait(ctx context.Context, c *call[K, V]) (v V, err error) {
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	b.mu.Lock()
	c.waiting--
	if c.waiting == 0 && c.cancel != nil {
		b.remove(c)
		defer c.cancel()
	}
	b.mu.Unlock()
	return v, ctx.Err()
}

// finish gives the result to those who wait, and tells its caller whether there may be any. A call that only the caller
// running it ever knew becomes the bucket's spare: nobody can have a pointer to it, since pointers are handed out under the
// lock and together with a channel.
func (b *bucket[K, V]) finish(c *call[K, V], v V, err error) Company {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(c)
	if c.done == nil {
		*c = call[K, V]{}
		b.spare = c
		return Alone
	}
	c.settle(v, err)
	if c.ended != nil {
		close(c.ended)
	}
	return Led
}

// settle closes the call with a result, once.
func (c *call[K, V]) settle(v V, err error) {
	if !c.over {
		c.over, c.value, c.err = true, v, err
		close(c.done)
	}
}

// forget lets nobody join the running call of key any more.
func (b *bucket[K, V]) forget(hash uint64, key K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.find(hash, key); c != nil {
		c.passed = true
	}
}

// abandon ends every call of the bucket with cause, and adds to ended what tells the end of those loads that run on
// their callers' goroutines.
func (b *bucket[K, V]) abandon(cause error, ended []chan struct{}) []chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := b.calls; c != nil; c = c.next {
		if c.cancel != nil {
			c.cancel()
		} else {
			if c.ended == nil {
				c.ended = make(chan struct{})
			}
			ended = append(ended, c.ended)
		}
		if c.done == nil {
			c.done = make(chan struct{}) // finish, too, is to know that the call is no longer its caller's alone
		}
		var none V
		c.settle(none, cause)
	}
	return ended
}

// withValues is a context that ends with one context and has the values of another.
type withValues struct {
	context.Context
	values context.Context
}

// Value asks the ending context first: that is where package context looks for a parent it knows, and it has no other
// values.
func (c *withValues) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}
