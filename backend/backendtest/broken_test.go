package backendtest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

// broken is a store that breaks a promise: what is set changes the results of a sound one.
type broken struct {
	*backendtest.Fake
	connections   func([]secrets.Connection, error) ([]secrets.Connection, error)
	uri           func(string, error) (string, error)
	variable      func(string, error) (string, error)
	config        func(string, error) (string, error)
	variables     func(map[string]string, error) (map[string]string, error)
	connectionMap func(map[string][]secrets.Connection, error) (map[string][]secrets.Connection, error)
	list          func([]string, error) ([]string, error)
	check         func(error) error
	name          func(secrets.Kind, string) (string, bool)
	set, setConn  func(error) error
	deleted       func(error) error
	closed        func(error) error
}

func or[T any](f func(T, error) (T, error), value T, err error) (T, error) {
	if f == nil {
		return value, err
	}
	return f(value, err)
}

func orErr(f func(error) error, err error) error {
	if f == nil {
		return err
	}
	return f(err)
}

func (b *broken) GetConnections(ctx context.Context, id string) ([]secrets.Connection, error) {
	conns, err := b.Fake.GetConnections(ctx, id)
	return or(b.connections, conns, err)
}

func (b *broken) GetConnURI(ctx context.Context, id string) (string, error) {
	uri, err := secrets.ConnURIFromConnections(ctx, id, b.GetConnections)
	return or(b.uri, uri, err)
}

func (b *broken) GetVariable(ctx context.Context, key string) (string, error) {
	text, err := b.Fake.GetVariable(ctx, key)
	return or(b.variable, text, err)
}

func (b *broken) GetConfig(ctx context.Context, key string) (string, error) {
	text, err := b.Fake.GetConfig(ctx, key)
	return or(b.config, text, err)
}

func (b *broken) GetVariables(ctx context.Context, keys []string) (map[string]string, error) {
	texts, err := b.Fake.GetVariables(ctx, keys)
	return or(b.variables, texts, err)
}

func (b *broken) GetConnectionMap(ctx context.Context, ids []string) (map[string][]secrets.Connection, error) {
	conns, err := b.Fake.GetConnectionMap(ctx, ids)
	return or(b.connectionMap, conns, err)
}

func (b *broken) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	ids, err := b.Fake.List(ctx, kind)
	return or(b.list, ids, err)
}

func (b *broken) Check(ctx context.Context) error { return orErr(b.check, b.Fake.Check(ctx)) }

func (b *broken) StoreName(kind secrets.Kind, id string) (string, bool) {
	if b.name != nil {
		return b.name(kind, id)
	}
	return b.Fake.StoreName(kind, id)
}

func (b *broken) SetVariable(ctx context.Context, key, value string) error {
	return orErr(b.set, b.Fake.SetVariable(ctx, key, value))
}

func (b *broken) SetConnection(ctx context.Context, c secrets.Connection) error {
	return orErr(b.setConn, b.Fake.SetConnection(ctx, c))
}

func (b *broken) DeleteVariable(ctx context.Context, key string) error {
	return orErr(b.deleted, b.Fake.DeleteVariable(ctx, key))
}

func (b *broken) Close() error { return orErr(b.closed, b.Fake.Close()) }

// hidden wraps what its text does not tell.
type hidden struct{ inner error }

func (h hidden) Error() string   { return "malformed connection" }
func (h hidden) Unwrap() []error { return []error{secrets.ErrMalformed, h.inner} }

const planted = "pLanted5ecret" // the suite's own

// turned returns err in place of errors of a class, and blank in place of what came with it.
func turned[T any](class, err error) func(T, error) (T, error) {
	return func(value T, was error) (T, error) {
		if errors.Is(was, class) {
			var blank T
			return blank, err
		}
		return value, was
	}
}

// turnedErr is turned for calls that return an error alone.
func turnedErr(class, err error) func(error) error {
	return func(was error) error {
		if errors.Is(was, class) {
			return err
		}
		return was
	}
}

func without[T any](blank func(T) bool) func(map[string]T, error) (map[string]T, error) {
	return func(all map[string]T, err error) (map[string]T, error) {
		maps.DeleteFunc(all, func(_ string, value T) bool { return blank(value) })
		return all, err
	}
}

func brokenStores() map[string]broken {
	type conns = []secrets.Connection
	type connMap = map[string][]secrets.Connection
	each := func(change func(c *secrets.Connection)) func(conns, error) (conns, error) {
		return func(all conns, err error) (conns, error) {
			for i := range all {
				change(&all[i])
			}
			return all, err
		}
	}
	trim := func(text string, err error) (string, error) { return strings.TrimSpace(text), err }
	blankIsAbsent := func(text string, err error) (string, error) {
		if err == nil && text == "" {
			return "", secrets.ErrNotFound
		}
		return text, err
	}
	closes := 0
	absence, outage := secrets.ErrNotFound, secrets.ErrUnavailable
	return map[string]broken{
		"one connection of several": {connections: func(all conns, err error) (conns, error) { return all[:min(1, len(all))], err }},
		"another order":             {connections: func(all conns, err error) (conns, error) { slices.Reverse(all); return all, err }},
		"no id":                     {connections: each(func(c *secrets.Connection) { c.ID = "" })},
		"no extra":                  {connections: each(func(c *secrets.Connection) { c.Extra = secrets.Secret{} })},
		"absent, without an error":  {connections: turned[conns](absence, nil)},
		"malformed is absent":       {connections: turned[conns](secrets.ErrMalformed, absence)},
		"malformed tells the text":  {connections: turned[conns](secrets.ErrMalformed, fmt.Errorf("%w: %s", secrets.ErrMalformed, planted))},
		"malformed wraps the text":  {connections: turned[conns](secrets.ErrMalformed, hidden{errors.New(planted)})},
		"closed is absent":          {connections: turned[conns](secrets.ErrClosed, absence)},
		"ended is absent":           {connections: turned[conns](context.Canceled, absence)},
		"a URI without password": {uri: func(uri string, err error) (string, error) {
			return strings.ReplaceAll(uri, planted, ""), err
		}},

		"an absent variable is blank":  {variable: turned[string](absence, nil)},
		"an absent variable is down":   {variable: turned[string](absence, outage)},
		"a variable is trimmed":        {variable: trim},
		"a blank variable is absent":   {variable: blankIsAbsent},
		"an outage is an absence":      {variable: turned[string](outage, absence)},
		"a refusal is an outage":       {variable: turned[string](secrets.ErrDenied, outage)},
		"an ended call is an outage":   {variable: turned[string](context.Canceled, outage)},
		"a closed store holds nothing": {variable: turned[string](secrets.ErrClosed, absence)},
		"a closed store is down":       {variable: turned[string](secrets.ErrClosed, outage)},
		"a text beside the error": {variable: func(text string, err error) (string, error) {
			if err != nil {
				text = planted
			}
			return text, err
		}},
		"config is trimmed":          {config: trim},
		"blank config is absent":     {config: blankIsAbsent},
		"config is absent when down": {config: turned[string](outage, absence)},

		"a batch without blanks":        {variables: without(func(text string) bool { return text == "" })},
		"a batch of one each":           {connectionMap: func(all connMap, err error) (connMap, error) { return each1(all), err }},
		"an outage is an empty batch":   {variables: turned[map[string]string](outage, nil)},
		"a refusal is an empty batch":   {connectionMap: turned[connMap](secrets.ErrDenied, nil)},
		"an ended batch is empty":       {variables: turned[map[string]string](context.Canceled, nil)},
		"one bad value ends a batch":    {connectionMap: turned[connMap](secrets.ErrMalformed, secrets.ErrMalformed)},
		"a bad value absent in a batch": {connectionMap: func(all connMap, err error) (connMap, error) { return all, turnedErr(secrets.ErrMalformed, nil)(err) }},
		"a batch tells the text": {connectionMap: func(all connMap, err error) (connMap, error) {
			return all, turnedErr(secrets.ErrMalformed, fmt.Errorf("%w: %s", secrets.ErrMalformed, planted))(err)
		}},

		"an outage is an empty list": {list: turned[[]string](outage, nil)},
		"a list twice":               {list: func(ids []string, err error) ([]string, error) { return append(ids, ids...), err }},
		"a list that lacks one":      {list: func(ids []string, err error) ([]string, error) { return ids[:max(0, len(ids)-1)], err }},
		"a check that never fails":   {check: func(error) error { return nil }},
		"a check that finds nothing": {check: turnedErr(outage, absence)},
		"the blank name has a name":  {name: func(_ secrets.Kind, id string) (string, bool) { return "x" + id, true }},

		"a lost write":                   {set: turnedErr(outage, nil)},
		"a refused write":                {setConn: turnedErr(secrets.ErrDenied, nil)},
		"a bad write is taken":           {setConn: turnedErr(secrets.ErrMalformed, nil)},
		"a bad write tells the value":    {set: turnedErr(secrets.ErrMalformed, fmt.Errorf("%w: %s", secrets.ErrMalformed, planted))},
		"an absent name is deleted":      {deleted: turnedErr(absence, nil)},
		"nothing to delete in an outage": {deleted: turnedErr(outage, absence)},
		"closed but once": {closed: func(error) error {
			if closes++; closes%2 == 0 {
				return secrets.ErrClosed
			}
			return nil
		}},
	}
}

func each1(all map[string][]secrets.Connection) map[string][]secrets.Connection {
	for id, conns := range all {
		all[id] = conns[:1]
	}
	return all
}

// The suite finds every store of which it is known what is broken. They fail in a process of their own.
func TestSuiteFindsWhatIsBroken(t *testing.T) {
	const variable = "BACKENDTEST_BROKEN"
	if os.Getenv(variable) != "" {
		for name, b := range brokenStores() {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // they wait more than they work
				backendtest.RunWrapped(t, func(inner secrets.Backend) *broken {
					b := b
					b.Fake = inner.(*backendtest.Fake)
					return &b
				})
			})
		}
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.parallel=64", "-test.timeout=5m")
	child.Env = append(os.Environ(), variable+"=1")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	found := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		verdict, rest, ok := strings.Cut(strings.TrimSpace(line), ": "+t.Name()+"/")
		name, _, _ := strings.Cut(rest, " ")
		if ok && !strings.Contains(name, "/") && strings.HasPrefix(verdict, "--- ") {
			found[name] = verdict == "--- FAIL"
		}
	}
	for name := range brokenStores() {
		caught, ran := found[strings.ReplaceAll(name, " ", "_")]
		assert.Truef(t, ran, "%q was not tried", name)
		assert.Truef(t, caught, "the suite takes for sound: %q", name)
	}
}
