// Table runs the benchmarks of the module against their floors and prints a table of ratios, as in the README.
//
//	cd internal/benchmarks && go run ./table [-rounds 10] [-time 50ms] [-vals]
//
// A ratio is the least of several short rounds by the least: on a machine that does other things too, the least is what
// the code costs, and everything above it is what the others do.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// job is a row: what is measured, over what, in which package.
type job struct {
	what, pkg, bench, floor, measured, cpu string
	limit                                  float64 // 0: none, for comparison only
}

var jobs = []job{
	{"cached `GetVariable`, 1 000 names, 1 core", "../..", "Cached$/^1000_names", "1000_names/sync.Map", "1000_names/GetVariable", "1", 1},
	{"cached `GetConnection`, 1 000 names, 1 core", "../..", "Cached$/^1000_names", "1000_names/sync.Map", "1000_names/GetConnection", "1", 1.5},
	{"cached `GetVariable`, 1 000 names, 2 cores", "../..", "Cached$/^1000_names", "1000_names/sync.Map", "1000_names/GetVariable", "2", 1},
	{"cached `GetConnection`, 1 000 names, 2 cores", "../..", "Cached$/^1000_names", "1000_names/sync.Map", "1000_names/GetConnection", "2", 1.5},
	{"cached `GetVariable`, 100 000 names, 1 core", "../..", "Cached$/^100000_names", "100000_names/sync.Map", "100000_names/GetVariable", "1", 1},
	{"cached `GetVariable`, 100 000 names, 2 cores", "../..", "Cached$/^100000_names", "100000_names/sync.Map", "100000_names/GetVariable", "2", 1},
	{"cached reads by 100 goroutines, over 2", "../..", "CachedGoroutines", "CachedGoroutines/2", "CachedGoroutines/100", "2", 1.3},
	{"three layers in memory without the name, no cache", "../..", "Miss/fake", "fake/calls", "fake/chain", "1", 1.5},
	{"the same, layers that do nothing but read a map", "../..", "Miss/map", "map/calls", "map/chain", "1", 0},
	{"otter, a cache with expiry", ".", "Read$", "Read/sync.Map", "Read/otter,_a_cache_with_expiry", "1", 0},
	{"setec, `Store.Secret`", ".", "Read$", "Read/sync.Map", "Read/setec,_Store.Secret", "1", 0},
	{"gocloud.dev/runtimevar, `Variable.Latest`", ".", "Read$", "Read/sync.Map", "Read/gocloud.dev/runtimevar,_Variable.Latest", "1", 0},
	{"viper, `GetString`", ".", "Read$", "Read/sync.Map", "Read/viper,_GetString", "1", 0},
	{"koanf, `String`", ".", "Read$", "Read/sync.Map", "Read/koanf,_String", "1", 0},
}

// valsJob is apart: it builds the SDK of every store there is.
var valsJob = job{"vals, `Get` of a cached document", ".", "ReadVals", "ReadVals/sync.Map", "ReadVals/vals,_Get_of_a_cached_document", "1", 0}

var (
	rounds = flag.Int("rounds", 10, "rounds, of which the least counts")
	length = flag.String("time", "50ms", "length of a round")
	vals   = flag.Bool("vals", false, "compare with vals too")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *vals {
		jobs = append(jobs, valsJob)
	}
	fmt.Printf("`go run ./table -rounds %d -time %s`\n\n| job | ns | floor, ns | ratio | at most |\n|---|---|---|---|---|\n", *rounds, *length)
	seen := map[string]map[string]float64{}
	for _, j := range jobs {
		key := j.pkg + " " + j.bench + " " + j.cpu
		if seen[key] == nil {
			if seen[key], err = least(dir, j); err != nil {
				return err
			}
		}
		got, floor := seen[key]["Benchmark"+j.measured], seen[key]["Benchmark"+j.floor]
		for name, ns := range seen[key] { // sub-benchmarks are named from their end
			if strings.HasSuffix(name, "/"+j.measured) {
				got = ns
			}
			if strings.HasSuffix(name, "/"+j.floor) {
				floor = ns
			}
		}
		if got == 0 || floor == 0 {
			return fmt.Errorf("%s: no figures", j.what)
		}
		limit := ""
		if j.limit > 0 {
			limit = fmt.Sprintf("%.1f", j.limit)
		}
		fmt.Printf("| %s | %.1f | %.1f | %.2f | %s |\n", j.what, got, floor, got/floor, limit)
	}
	return nil
}

var line = regexp.MustCompile(`^(Benchmark\S+?)(-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

// least runs a benchmark's rounds and returns the least time of each part.
func least(dir string, j job) (map[string]float64, error) {
	binary := filepath.Join(dir, strings.Map(func(r rune) rune {
		if r == '.' || r == '/' {
			return '_'
		}
		return r
	}, j.pkg+"_"+strconv.FormatBool(j == valsJob))+".test")
	if _, err := os.Stat(binary); err != nil {
		args := []string{"test", "-c", "-o", binary}
		if j == valsJob {
			args = append(args, "-tags", "vals")
		}
		build := exec.Command("go", append(args, ".")...)
		build.Dir = j.pkg
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), j.pkg, err, out)
		}
	}
	times := map[string]float64{}
	for range *rounds { // one after the other, so that a busy moment hits floor and measured alike
		cmd := exec.Command(binary, "-test.run", "^$", "-test.bench", j.bench, "-test.cpu", j.cpu, "-test.benchtime", *length)
		cmd.Dir = j.pkg
		out, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", j.what, err, out)
		}
		for scan := bufio.NewScanner(bytes.NewReader(out)); scan.Scan(); {
			if m := line.FindStringSubmatch(scan.Text()); m != nil {
				ns, _ := strconv.ParseFloat(m[3], 64)
				if t, ok := times[m[1]]; !ok || ns < t {
					times[m[1]] = ns
				}
			}
		}
	}
	return times, nil
}
