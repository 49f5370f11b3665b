package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

func TestCacheStaleIfError(t *testing.T) {
	options := cache.Options[int]{TTL: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour}
	t.Run("outage", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, options)
		read(t, c, 1, false, false)
		s.answers(errOutage)
		s.pass(time.Minute)
		read(t, c, 1, true, true)
		read(t, c, 1, true, true)
		assert.Equal(t, 3, s.count(), "an attempt that fails at once buys no pause")
		s.pass(time.Hour - 1)
		read(t, c, 1, true, true)
		s.pass(1)
		fails(t, c, errOutage)
		assert.Equal(t, uint64(3), c.Stats().StaleHits)
	})
	t.Run("return", func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, options)
		read(t, c, 1, false, false)
		s.pass(time.Minute)
		s.answers(errOutage)
		read(t, c, 1, true, true)
		s.answers(nil)
		read(t, c, 3, false, false)
		read(t, c, 3, true, false)
	})
	for name, refusal := range map[string]error{"refused": errRefused, "absent": errAbsent} {
		t.Run("never after "+name, func(t *testing.T) {
			s := &store{}
			c := newCache(t, s, options)
			read(t, c, 1, false, false)
			s.pass(time.Minute)
			s.answers(refusal)
			fails(t, c, refusal)
			s.answers(errOutage)
			s.pass(time.Minute)
			fails(t, c, errOutage)
		})
	}
}

func TestCacheAFailedLoadBuysAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: 10 * time.Minute, StaleIfError: time.Hour, Rand: func() float64 { return 0.5 }})
		// after passes time, reads the value past its end, and wants so many loads then.
		after := func(d time.Duration, loads int) {
			t.Helper()
			s.pass(d)
			read(t, c, 1, true, true)
			synctest.Wait()
			require.Equal(t, loads, s.count())
		}
		read(t, c, 1, false, false)
		s.answers(errOutage)
		s.took = 2 * time.Second // say, a time-out
		after(10*time.Minute, 2)
		s.took = 4 * time.Second   // from here on nobody waits for it
		after(15*time.Second-1, 2) // ten times two seconds, less a quarter for jitter
		after(1, 3)
		after(60*time.Second-1, 3) // ten times four seconds, doubled, less a quarter
		after(1, 4)
		after(120*time.Second-1, 4) // and so on
		after(1, 5)
		s.took = 20 * time.Second //
		after(5*time.Minute, 6)
		after(450*time.Second-1, 6) // TTL at most, less a quarter
		s.answers(nil)
		after(1, 7) // the last stale answer
		read(t, c, 7, true, false)
		s.pass(10 * time.Minute)
		s.answers(errOutage)
		s.took = time.Second
		read(t, c, 7, true, true)
		s.pass(8 * time.Second)
		read(t, c, 7, true, true)
		synctest.Wait()
		assert.Equal(t, 9, s.count(), "the failures before are forgotten")
	})
}

// A value that is found is the answer, also where it is not to be kept: what is past its end is for outages alone.
func TestCacheStaleEndsWithAValueThatIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		c := newCache(t, s, cache.Options[int]{TTL: 10 * time.Minute, StaleIfError: time.Hour, Keep: func(v int) (int, bool) { return v, v == 1 }})
		read(t, c, 1, false, false)
		s.pass(10 * time.Minute)
		s.answers(errOutage)
		s.took = time.Second
		read(t, c, 1, true, true)
		s.answers(nil)
		s.pass(time.Minute)
		read(t, c, 1, true, true) // and begins a load
		synctest.Wait()
		read(t, c, 4, false, false)
		read(t, c, 5, false, false)
		s.answers(errOutage)
		read(t, c, 1, true, true)
	})
}
