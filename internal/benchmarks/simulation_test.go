package benchmarks

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/secretchain/secrets/internal/cache"
)

var print = flag.Bool("print", false, "simulate the whole fleet's sample and print its table")

// The fleet: service instances that are deployed at the same moment, and then each read each of their keys every ten
// seconds, at random. A sample of the instances is simulated, with the real cache on virtual time.
const (
	fleetInstances = 10_000
	fleetKeys      = 1_000
	readEvery      = 10 * time.Second
	span           = 10 * time.Second // what is counted together

	outageBegins = 3 * time.Hour
	outageEnds   = 4 * time.Hour
	fleetEnds    = 5 * time.Hour

	storeTakes  = 20 * time.Millisecond
	outageTakes = 2 * time.Second // until a call to the store gives up
)

// strategy is one way to use a cache; nil options are none.
type strategy struct {
	name    string
	options *cache.Options[string]
}

var strategies = []strategy{
	{"no cache", nil},
	{"`TTL` of 15 min alone, without jitter", &cache.Options[string]{TTL: 15 * time.Minute, Rand: func() float64 { return 0 }}},
	{"and jitter", &cache.Options[string]{TTL: 15 * time.Minute}},
	{"and `RefreshAhead` of 3 min", &cache.Options[string]{TTL: 15 * time.Minute, RefreshAhead: 3 * time.Minute}},
	{"and `StaleIfError` of 24 h", &cache.Options[string]{TTL: 15 * time.Minute, RefreshAhead: 3 * time.Minute, StaleIfError: 24 * time.Hour}},
}

// history is what the store and the readers saw, by the span.
type history struct{ calls, reads, waited, failed counts }

type counts [int(fleetEnds / span)]atomic.Int64

// simulate runs a sample of the fleet. It is to be called in a synctest bubble.
func simulate(s strategy, instances, keys int) *history {
	h := new(history)
	start := time.Now()
	now := func() int { return min(int(time.Since(start)/span), len(h.calls)-1) }
	outage := errors.New("the store is down")
	load := func(ctx context.Context, key string) (string, error) {
		h.calls[now()].Add(1)
		takes, err := storeTakes, error(nil)
		if t := time.Since(start); t >= outageBegins && t < outageEnds {
			takes, err = outageTakes, outage
		}
		select {
		case <-time.After(takes):
			return key, err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprint("key ", i)
	}
	for i := range instances {
		go func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			var c *cache.Cache[string]
			if s.options != nil {
				o := *s.options
				o.Outage = func(err error, _ string) bool { return err == outage }
				c = cache.New(load, o)
				defer c.Close(context.Canceled)
			}
			for time.Since(start) < fleetEnds-time.Minute {
				time.Sleep(time.Duration(random.ExpFloat64() * float64(readEvery) / float64(keys)))
				name := names[random.IntN(keys)]
				h.reads[now()].Add(1)
				if c != nil {
					if _, ok := c.Find(name); ok {
						continue
					}
				}
				go func() {
					began, m := time.Now(), now()
					var err error
					if c == nil {
						_, err = load(context.Background(), name)
					} else {
						_, err = c.Get(context.Background(), name)
					}
					if time.Since(began) > time.Second {
						h.waited[m].Add(1)
					}
					if err != nil {
						h.failed[m].Add(1)
					}
				}()
			}
			time.Sleep(2 * outageTakes)
		}()
	}
	time.Sleep(fleetEnds + time.Minute)
	synctest.Wait()
	return h
}

// summary is a row of the table, for the whole fleet.
type summary struct {
	normal        float64 // calls in an hour without outage
	deployed      float64 // calls a second in the busiest ten seconds after a deployment, the first minutes aside
	outage        float64 // attempts in the hour of the outage
	waited        float64 // part of the reads in it that waited more than a second
	failed        float64 // part of the reads in it that failed
	back          float64 // calls a second in the busiest ten seconds after its end
	reads, perSec float64 // reads an hour, calls a second in a normal hour
}

func summarize(h *history, instances, keys int) summary {
	scale := float64(fleetInstances) * fleetKeys / float64(instances*keys)
	sum := func(of *counts, from, to time.Duration) (n float64) {
		for i := from / span; i < to/span; i++ {
			n += float64(of[i].Load()) * scale
		}
		return n
	}
	busiest := func(from, to time.Duration) (most float64) {
		for at := from; at < to; at += span {
			most = max(most, sum(&h.calls, at, at+span)/span.Seconds())
		}
		return most
	}
	before := outageBegins - time.Hour
	s := summary{
		normal:   sum(&h.calls, before, outageBegins),
		deployed: busiest(5*time.Minute, time.Hour),
		outage:   sum(&h.calls, outageBegins, outageEnds),
		back:     busiest(outageEnds, outageEnds+30*time.Minute),
		reads:    sum(&h.reads, before, outageBegins),
	}
	s.perSec = s.normal / 3600
	reads := sum(&h.reads, outageBegins, outageEnds)
	s.waited = sum(&h.waited, outageBegins, outageEnds) / reads
	s.failed = sum(&h.failed, outageBegins, outageEnds) / reads
	return s
}

// TestFleet holds the figures to what the documentation claims; with -print, it also prints the table.
func TestFleet(t *testing.T) {
	instances, keys, table := 2, 500, io.Discard
	if *print {
		instances, keys, table = 5, fleetKeys, os.Stdout
	}
	fmt.Fprintln(table, "| | calls an hour | busiest 10 s after a deployment | attempts in the hour of the outage | reads in it that wait over 1 s | that fail | busiest 10 s after it |")
	fmt.Fprintln(table, "|---|---|---|---|---|---|---|")
	got := map[string]summary{}
	for _, s := range strategies {
		synctest.Test(t, func(*testing.T) {
			sum := summarize(simulate(s, instances, keys), instances, keys)
			got[s.name] = sum
			fmt.Fprintf(table, "| %s | %s | %s/s | %s | %s | %s | %s/s |\n",
				s.name, short(sum.normal), short(sum.deployed), short(sum.outage), percent(sum.waited), percent(sum.failed), short(sum.back))
		})
	}
	none, plain, jitter, ahead, full := got[strategies[0].name], got[strategies[1].name], got[strategies[2].name], got[strategies[3].name], got[strategies[4].name]
	for what, ok := range map[string]bool{
		"a cache saves nine calls in ten and more":                  plain.normal < none.normal/10,
		"jitter and refresh ahead cost few calls":                   ahead.normal < 1.6*plain.normal,
		"jitter and refresh ahead spread what was loaded at once":   ahead.deployed < plain.deployed/2 && jitter.deployed < plain.deployed,
		"stale values save every read":                              full.failed == 0 && ahead.failed > 0.2,
		"an outage costs the store fewer attempts than usual twice": full.outage < 2.5*full.normal,
		"few reads wait in an outage":                               full.waited < 0.05,
		"no herd when the store is back":                            full.back < 3*full.perSec && ahead.back > 5*ahead.perSec,
	} {
		if !ok {
			t.Errorf("%s: does not hold in %+v", what, got)
		}
	}
}

// short writes a figure in two or three digits.
func short(n float64) string {
	unit := ""
	for _, next := range []string{" k", " M"} {
		if n >= 1000 {
			n, unit = n/1000, next
		}
	}
	if n >= 1000 {
		hundreds := int(math.Round(n / 100))
		return fmt.Sprintf("%d %d00%s", hundreds/10, hundreds%10, unit)
	}
	return digits(n) + unit
}

func percent(part float64) string { return digits(100*part) + " %" }

// digits writes a figure below 1000, with its tenth if it is below 10.
func digits(n float64) string {
	if n >= 10 {
		return fmt.Sprintf("%.0f", n)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}
