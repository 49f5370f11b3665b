package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// fake returns a store with the given variables and, under the same names, connections.
func fake(variables ...string) *backendtest.Fake {
	content := backendtest.Content{Variables: map[string]string{}, Connections: map[string][]string{}, Config: map[string]string{}}
	for i := 0; i < len(variables); i += 2 {
		name, value := variables[i], variables[i+1]
		content.Variables[name], content.Config[name] = value, value
		content.Connections[name] = []string{"mysql://u:" + value + "@first", "mysql://u:" + value + "@second"}
	}
	return backendtest.NewFake(content)
}

func newChain(t *testing.T, opts *secrets.Options, layers ...secrets.Layer) *secrets.Chain {
	t.Helper()
	c, err := secrets.NewChain(layers, opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// readOnly hides every ability of a backend but its reads.
type readOnly struct{ secrets.Backend }

func TestNewChainRefusesBadLayers(t *testing.T) {
	ok := secrets.Layer{Name: "a", Backend: fake()}
	for name, layers := range map[string][]secrets.Layer{
		"no layer":               nil,
		"no name":                {{Backend: fake()}},
		"blank name":             {{Name: " ", Backend: fake()}},
		"no backend":             {{Name: "a"}},
		"nil pointer":            {{Name: "a", Backend: (*backendtest.Fake)(nil)}},
		"name used twice":        {ok, ok},
		"negative timeout":       {{Name: "a", Backend: fake(), Timeout: -1}},
		"ContinueOn of no class": {{Name: "a", Backend: fake(), ContinueOn: []error{errors.New("x")}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := secrets.NewChain(layers, nil)
			require.ErrorIs(t, err, secrets.ErrMalformed)
		})
	}
}

func TestFirstLayerWins(t *testing.T) {
	c := newChain(t, nil,
		secrets.Layer{Name: "one", Backend: fake("a", "1")},
		secrets.Layer{Name: "two", Backend: fake("a", "2", "b", "2")})
	res, err := c.LookupVariable(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "one", res.Layer)
	assert.True(t, res.Value.Equal(secrets.NewSecret("1")))
	assert.False(t, res.Fetched.IsZero())

	res, err = c.LookupVariable(t.Context(), "b")
	require.NoError(t, err)
	assert.Equal(t, "two", res.Layer)
	require.Len(t, res.Tried, 2)
	assert.Equal(t, "b", res.Tried[0].StoreName)
	assert.ErrorIs(t, res.Tried[0].Err, secrets.ErrNotFound)
	assert.NoError(t, res.Tried[1].Err)

	conn, err := c.LookupConnection(t.Context(), "b")
	require.NoError(t, err)
	assert.Equal(t, "two", conn.Layer)
	assert.Equal(t, "b", conn.Value.ID)
	assert.Equal(t, "first", conn.Value.Host)
}

// TestFailurePolicy holds the table of the specification, lookup §6.3.
func TestFailurePolicy(t *testing.T) {
	classes := map[string]error{"denied": secrets.ErrDenied, "unavailable": secrets.ErrUnavailable, "malformed": secrets.ErrMalformed,
		"closed": secrets.ErrClosed, "unforeseen": errors.New("some failure")}
	for name, class := range classes {
		down := func() secrets.Backend { b := fake(); b.Fail(fmt.Errorf("wrapped: %w", class)); return b }
		counted := secrets.ClassOf(class)
		t.Run(name+" stops a strict search", func(t *testing.T) {
			second := fake("k", "v")
			c := newChain(t, nil, secrets.Layer{Name: "one", Backend: down()}, secrets.Layer{Name: "two", Backend: second})
			_, err := c.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, counted)
			assert.ErrorIs(t, err, class)
			assert.NotErrorIs(t, err, secrets.ErrNotFound)
			assert.Zero(t, second.Calls(), "the search must have stopped")
			var e *secrets.LookupError
			require.ErrorAs(t, err, &e)
			assert.Len(t, e.Tried, 1)
		})
		t.Run(name+" goes on where ContinueOn says so", func(t *testing.T) {
			c := newChain(t, nil, secrets.Layer{Name: "one", Backend: down(), ContinueOn: []error{counted}}, secrets.Layer{Name: "two", Backend: fake("k", "v")})
			text, err := c.GetVariable(t.Context(), "k")
			require.NoError(t, err)
			assert.True(t, text == "v")
		})
		t.Run(name+" stops where ContinueOn names another class", func(t *testing.T) {
			other := secrets.ErrDenied
			if counted == secrets.ErrDenied {
				other = secrets.ErrUnavailable
			}
			c := newChain(t, nil, secrets.Layer{Name: "one", Backend: down(), ContinueOn: []error{other}}, secrets.Layer{Name: "two", Backend: fake("k", "v")})
			_, err := c.GetVariable(t.Context(), "k")
			assert.ErrorIs(t, err, counted)
		})
		t.Run(name+" falls through, and is no absence in the end", func(t *testing.T) {
			c := newChain(t, &secrets.Options{FallThrough: true}, secrets.Layer{Name: "one", Backend: down()}, secrets.Layer{Name: "two", Backend: fake("k", "v")})
			_, err := c.GetConnection(t.Context(), "k")
			require.NoError(t, err)
			_, err = c.GetConnection(t.Context(), "absent")
			assert.ErrorIs(t, err, counted)
			assert.NotErrorIs(t, err, secrets.ErrNotFound)
			var e *secrets.LookupError
			require.ErrorAs(t, err, &e)
			assert.Len(t, e.Tried, 2)
		})
	}
}

func TestNotFoundOnlyIfEveryLayerSaysSo(t *testing.T) {
	c := newChain(t, nil, secrets.Layer{Name: "one", Backend: fake()}, secrets.Layer{Name: "two", Backend: fake()})
	_, err := c.GetVariable(t.Context(), "absent")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.EqualError(t, err, `get variable "absent": not found in one; two`)

	both := fake()
	both.Fail(errors.Join(secrets.ErrNotFound, secrets.ErrUnavailable))
	c = newChain(t, nil, secrets.Layer{Name: "both", Backend: both, ContinueOn: []error{secrets.ErrUnavailable}}, secrets.Layer{Name: "two", Backend: fake()})
	_, err = c.GetVariable(t.Context(), "absent")
	assert.NotErrorIs(t, err, secrets.ErrNotFound, "an error that is also a failure is no absence")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
}

func TestLookupErrorTellsEveryLayer(t *testing.T) {
	vault := secrets.Funcs{Connection: func(_ context.Context, id string) (string, error) {
		return "", &secrets.Error{Op: "get", Kind: secrets.KindConnection, ID: id, StoreName: "kv/connections/" + id,
			Err: fmt.Errorf("%w: the policy must allow read", secrets.ErrDenied)}
	}}
	c := newChain(t, &secrets.Options{FallThrough: true}, secrets.Layer{Name: "file", Backend: fake()}, secrets.Layer{Name: "vault", Backend: vault})
	_, err := c.GetConnection(t.Context(), "db")
	assert.EqualError(t, err, `get connection "db": file: not found; vault (kv/connections/db): access denied: the policy must allow read`)
	var e *secrets.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "kv/connections/db", e.StoreName)
}

// A name that a caller took from outside does not write lines of its own into a log.
func TestErrorsAreOneLine(t *testing.T) {
	b := prefixed{fake()}
	b.Fail(secrets.ErrDenied)
	c := newChain(t, &secrets.Options{FallThrough: true}, secrets.Layer{Name: "one", Backend: b}, secrets.Layer{Name: "two", Backend: prefixed{fake()}})
	_, err := c.GetVariable(t.Context(), "a\nlevel=INFO \x1b[2m")
	assert.EqualError(t, err, `get variable "a\nlevel=INFO \x1b[2m": `+
		`one ("store/a\nlevel=INFO \x1b[2m"): access denied; two ("store/a\nlevel=INFO \x1b[2m"): not found`)
	err = &secrets.Error{Op: "get", Kind: secrets.KindVariable, ID: "a\nb", StoreName: "store/a\nb", Err: secrets.ErrNotFound}
	assert.EqualError(t, err, `get variable "a\nb" ("store/a\nb"): not found`)
	// Nor does the text of a store's own error, or a join of several.
	b.Fail(errors.Join(secrets.ErrDenied, errors.New("no role")))
	_, err = c.GetVariable(t.Context(), "a")
	assert.EqualError(t, err, `get variable "a": one (store/a): access denied; no role; two (store/a): not found`)
	err = &secrets.Error{Op: "check", Err: fmt.Errorf("%w: \x1b[2m", secrets.ErrDenied)}
	assert.EqualError(t, err, `check: "access denied: \x1b[2m"`)
}

// prefixed is a store that calls things by names of its own.
type prefixed struct{ *backendtest.Fake }

func (prefixed) StoreName(_ secrets.Kind, id string) (string, bool) { return "store/" + id, true }

func TestMatch(t *testing.T) {
	asked := fake("a", "1", "b", "1")
	c := newChain(t, nil,
		secrets.Layer{Name: "some", Backend: asked, Match: func(kind secrets.Kind, id string) bool { return kind == secrets.KindVariable && id == "a" }})
	_, err := c.GetVariable(t.Context(), "a")
	require.NoError(t, err)
	_, err = c.GetVariable(t.Context(), "b")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.EqualError(t, err, `get variable "b": not found: no layer is asked for it`)
	assert.Equal(t, 1, asked.Calls())
}

func TestTimeoutIsUnavailable(t *testing.T) {
	for name, backend := range map[string]func(release chan struct{}) secrets.Backend{
		"a backend that obeys its context": func(chan struct{}) secrets.Backend { b := fake(); b.Stall(true); return b },
		"a backend that does not": func(release chan struct{}) secrets.Backend {
			return secrets.Funcs{Variable: func(context.Context, string) (string, error) { <-release; return "late", nil }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				c := newChain(t, nil,
					secrets.Layer{Name: "slow", Backend: backend(release), Timeout: 2 * time.Second, ContinueOn: []error{secrets.ErrUnavailable}},
					secrets.Layer{Name: "quick", Backend: fake("k", "v")})
				start := time.Now()
				res, err := c.LookupVariable(t.Context(), "k")
				require.NoError(t, err)
				assert.Equal(t, "quick", res.Layer)
				assert.Equal(t, 2*time.Second, time.Since(start))
				assert.ErrorIs(t, res.Tried[0].Err, secrets.ErrUnavailable)
				assert.Equal(t, 2*time.Second, res.Tried[0].Took)
			})
		})
	}
}

func TestEndedContextIsNobodysFailure(t *testing.T) {
	stalled := fake()
	stalled.Stall(true)
	c := newChain(t, &secrets.Options{FallThrough: true},
		secrets.Layer{Name: "slow", Backend: stalled, Timeout: time.Hour}, secrets.Layer{Name: "quick", Backend: fake("k", "v")})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := c.GetVariable(ctx, "k")
	assert.ErrorIs(t, err, context.Canceled)
	for _, class := range []error{secrets.ErrNotFound, secrets.ErrUnavailable, secrets.ErrDenied} {
		assert.NotErrorIs(t, err, class)
	}
	assert.Zero(t, c.Stats().Errors)
}

func TestOneCallForManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls int
		c := newChain(t, nil, secrets.Layer{Name: "slow", Backend: secrets.Funcs{Variable: func(ctx context.Context, key string) (string, error) {
			calls++
			select {
			case <-release:
				return "v", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}}})
		leader, cancel := context.WithCancel(t.Context())
		led := make(chan error)
		go func() { _, err := c.GetVariable(leader, "k"); led <- err }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 10_000 {
			wg.Go(func() {
				text, err := c.GetVariable(t.Context(), "k")
				assert.NoError(t, err)
				assert.True(t, text == "v")
			})
		}
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-led, context.Canceled, "the leader leaves at once")
		synctest.Wait()
		close(release)
		wg.Wait()
		assert.Equal(t, 1, calls)
		assert.Equal(t, uint64(10_000), c.Stats().Coalesced)
		assert.Equal(t, uint64(1), c.Stats().BackendCalls)
	})
}

func TestCallStopsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := make(chan struct{})
		c := newChain(t, nil, secrets.Layer{Name: "slow", Backend: secrets.Funcs{Variable: func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			close(stopped)
			return "", ctx.Err()
		}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.GetVariable(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		<-stopped
	})
}

func TestPanickingBackendIsUnavailable(t *testing.T) {
	bad := secrets.Funcs{Variable: func(context.Context, string) (string, error) { panic("pLanted5ecret") }}
	for _, timeout := range []time.Duration{0, time.Minute} { // with one, the call has a goroutine of its own
		c := newChain(t, nil, secrets.Layer{Name: "bad", Backend: bad, Timeout: timeout})
		for _, ctx := range []context.Context{t.Context(), context.Background()} {
			_, err := c.GetVariable(ctx, "k")
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
			backendtest.NoLeak(t, "pLanted5ecret", err)
		}
	}
}

func TestSeveralConnections(t *testing.T) {
	c := newChain(t, nil, secrets.Layer{Name: "one", Backend: fake("db", "p")})
	conns, err := c.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	require.Len(t, conns, 2)
	first, err := c.GetConnection(t.Context(), "db")
	require.NoError(t, err)
	assert.True(t, first.Equal(conns[0]))
	conns[0].Host = "changed"

	last := newChain(t, &secrets.Options{Pick: func(conns []secrets.Connection) secrets.Connection { return conns[len(conns)-1] }},
		secrets.Layer{Name: "one", Backend: fake("db", "p")})
	picked, err := last.GetConnection(t.Context(), "db")
	require.NoError(t, err)
	assert.Equal(t, "second", picked.Host)

	random := newChain(t, &secrets.Options{Pick: secrets.PickRandom}, secrets.Layer{Name: "one", Backend: fake("db", "p")})
	seen := map[string]bool{}
	for range 200 {
		conn, err := random.GetConnection(t.Context(), "db")
		require.NoError(t, err)
		seen[conn.Host] = true
	}
	assert.Len(t, seen, 2)
}

func TestConfigAsksConfigGettersOnly(t *testing.T) {
	plain := fake("k", "plain")
	c := newChain(t, nil, secrets.Layer{Name: "plain", Backend: readOnly{plain}}, secrets.Layer{Name: "config", Backend: fake("k", "v")})
	text, err := c.GetConfig(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, text == "v")
	assert.Zero(t, plain.Calls())

	none := newChain(t, nil, secrets.Layer{Name: "plain", Backend: readOnly{plain}})
	_, err = none.GetConfig(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestExplainAsksEveryLayer(t *testing.T) {
	down := fake()
	down.Fail(secrets.ErrDenied)
	c := newChain(t, nil,
		secrets.Layer{Name: "down", Backend: down},
		secrets.Layer{Name: "one", Backend: fake("k", "v")},
		secrets.Layer{Name: "unmatched", Backend: fake("k", "v"), Match: func(secrets.Kind, string) bool { return false }},
		secrets.Layer{Name: "two", Backend: fake("k", "v")})
	attempts, err := c.Explain(t.Context(), secrets.KindVariable, "k")
	require.NoError(t, err)
	require.Len(t, attempts, 4)
	assert.ErrorIs(t, attempts[0].Err, secrets.ErrDenied)
	assert.NoError(t, attempts[1].Err)
	assert.ErrorIs(t, attempts[2].Err, secrets.ErrNotFound)
	assert.ErrorContains(t, attempts[2].Err, "not asked")
	assert.NoError(t, attempts[3].Err)
	assert.Equal(t, "k", attempts[3].StoreName)
	backendtest.NoLeak(t, "v@first", attempts)
	_, err = c.Explain(t.Context(), 0, "k")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
}

func TestCheckTellsEveryLayer(t *testing.T) {
	down, denied := fake(), fake()
	down.Fail(secrets.ErrUnavailable)
	denied.Fail(secrets.ErrDenied)
	c := newChain(t, nil, secrets.Layer{Name: "fine", Backend: fake()}, secrets.Layer{Name: "no checker", Backend: readOnly{fake()}})
	assert.NoError(t, c.Check(t.Context()))
	c = newChain(t, nil, secrets.Layer{Name: "down", Backend: down}, secrets.Layer{Name: "denied", Backend: denied})
	err := c.Check(t.Context())
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorIs(t, err, secrets.ErrDenied)
	assert.ErrorContains(t, err, `"down"`)
}

func TestChainPrintsItsLayersAlone(t *testing.T) {
	c := newChain(t, nil, secrets.Layer{Name: "one", Backend: fake("k", "pLanted5ecret")}, secrets.Layer{Name: "two", Backend: fake()})
	_, err := c.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "secrets.Chain[one, two]", fmt.Sprintf("%+v", c))
	assert.Equal(t, "<nil>", fmt.Sprint((*secrets.Chain)(nil)))
	backendtest.NoLeak(t, "pLanted5ecret", c, []any{c}, struct{ c any }{c})
}
