package wiretest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Cost holds a lookup to one request, and to at most twelve allocations more than the bare call of the same by the SDK
// (specification, design §9). Requests tells how many there were so far; those of the bare call do not count, for an SDK may
// ask again by itself. Both calls are made some hundred times, so what they do at first does not count either.
func Cost(t *testing.T, requests func() int, bare, lookup func() error) {
	t.Helper()
	const runs = 500
	allocations := func(call func() error) float64 {
		require.NoError(t, call())
		return testing.AllocsPerRun(runs, func() { assert.NoError(t, call()) })
	}
	floor := allocations(bare)
	before := requests()
	ours := allocations(lookup)
	assert.Equal(t, 1+1+runs, requests()-before, "one request a lookup; AllocsPerRun warms up once, and so do we")
	t.Logf("allocations: %.0f by the SDK's call, %.0f by a lookup", floor, ours)
	assert.LessOrEqual(t, ours, floor+12)
}
