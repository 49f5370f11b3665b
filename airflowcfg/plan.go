package airflowcfg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// plan is the search path that a configuration asks for, before anything is opened.
type plan struct {
	*config
	opts    *Options
	backend value   // the class path or driver name of the custom backend; blank for none
	kwargs  *option // its arguments: of [secrets] or of [workers]
	order   value   // the backends_order that steps are made of
	steps   []step
	chain   secrets.Options
	read    []*option // in the order of reading
	notes   []string
}

// step is one entry of backends_order.
type step struct {
	name    string // in backends_order
	driver  string // what is opened for it: a driver's name or a class path
	layer   string // its name in the chain
	reason  string
	skipped bool
}

// newPlan reads every option that decides what is opened. It opens nothing and runs nothing.
func newPlan(ctx context.Context, c *config, opts *Options) (*plan, error) {
	p := &plan{config: c, opts: opts}
	return p, errors.Join(p.chooseBackend(ctx), p.chooseSteps(ctx), p.chooseChain(ctx), p.noteTeams(ctx))
}

// plain reads an option that cannot come from a command or a secret.
func (p *plan) plain(ctx context.Context, o *option) (value, error) {
	p.note(o)
	v, err := p.resolve(ctx, o, nil)
	v.text, v.opt = strings.TrimSpace(v.text), o
	return v, err
}

func (p *plan) chooseBackend(ctx context.Context) (err error) {
	p.kwargs = optKwargs
	if p.opts.Worker {
		p.backend, err = p.plain(ctx, optWorkerBackend)
		if err != nil {
			return err
		}
		if p.backend.text != "" {
			p.kwargs = optWorkerKwargs
		}
	}
	if p.backend.text == "" {
		p.backend, err = p.plain(ctx, optBackend)
		if err != nil {
			return err
		}
	}
	if p.backend.text == "" {
		return nil
	}
	p.note(p.kwargs)
	if _, ok := backend.Lookup(p.backend.text); !ok && !isWord(p.backend.text) {
		return p.backend.fail(malformed(errNoClassPath))
	}
	return nil
}

var errNoClassPath = errors.New("the value is no class path and no driver's name, which are one word; comments and other options " +
	"stand on lines of their own, which are not indented")

func (p *plan) chooseSteps(ctx context.Context) error {
	o := optOrder
	if p.opts.Worker {
		o = optWorkerOrder
	}
	var err error
	if p.order, err = p.plain(ctx, o); err != nil {
		return err
	}
	order, err := splitOrder(p.order)
	if err != nil {
		return err
	}
	for _, name := range order {
		s := step{name: name}
		switch name {
		case stepCustom:
			s.driver, s.layer, s.reason = p.backend.text, p.customName(), p.backend.opt.String()+" is set"
			s.skipped = p.backend.text == ""
		case stepEnvironment:
			s.driver, s.layer, s.reason = "env", "env", "needs no setting"
		default:
			s.driver, s.layer = "metastore", "metastore"
			set, err := p.database()
			if err != nil {
				return err
			}
			s.skipped = set == nil
			s.reason = cmp.Or(set, optDatabase).String() + " is set"
		}
		if s.skipped {
			s.reason = strings.Replace(s.reason, " is set", " is not set", 1)
		}
		if name == stepExecutionAPI {
			s.reason += " (the metastore stands in for the Execution API)"
		}
		p.steps = append(p.steps, s)
	}
	return nil
}

// customName is the name of the custom backend's layer: that of its driver, or "custom" where that is not known or
// might be another layer's.
func (p *plan) customName() string {
	d, ok := backend.Lookup(p.backend.text)
	if !ok || d.Name == "env" || d.Name == "metastore" {
		return stepCustom
	}
	return d.Name
}

// standing lists the candidates that can have a value: without a custom backend there is nobody to ask for a secret.
func (p *plan) standing(o *option) []candidate {
	return slices.DeleteFunc(p.candidates(o), func(at candidate) bool { return at.how == isSecret && p.backend.text == "" })
}

// database is the option that sets sql_alchemy_conn, by the name it is set under, or nil. Nothing is run or asked for it.
func (p *plan) database() (*option, error) {
	p.note(optDatabase)
	p.note(optFernetKey)
	for _, at := range p.candidates(optDatabase) {
		text, err := p.text(&at)
		switch {
		case err != nil:
			return nil, at.fail(err)
		case at.how == isText && strings.TrimSpace(text) == "":
			return nil, nil
		case at.how == isSecret && at.opt.isValue(text):
			return nil, at.fail(malformed(errValueForName))
		case at.how != isSecret || p.backend.text != "":
			return at.opt, nil
		}
	}
	return nil, nil
}

// chooseChain puts what the configuration says of caching into the options of the chain.
func (p *plan) chooseChain(ctx context.Context) error {
	if p.opts.Chain != nil {
		p.chain = *p.opts.Chain
	}
	use, err := p.plain(ctx, optUseCache)
	if err != nil {
		return err
	}
	on, err := parseBool(use.text)
	if err != nil {
		return use.fail(err)
	}
	ttl, err := p.plain(ctx, optCacheTTL)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseUint(ttl.text, 10, 32)
	if err != nil {
		return ttl.fail(fmt.Errorf("%w: write a whole number of seconds, such as 900", secrets.ErrMalformed))
	}
	if use.isDefault() {
		on = p.chain.Cache != nil
	}
	if !on || seconds == 0 {
		p.chain.Cache = nil
		return nil
	}
	var cache secrets.CacheOptions
	if p.chain.Cache != nil {
		cache = *p.chain.Cache
	}
	if !ttl.isDefault() || cache.TTL == 0 {
		cache.TTL = time.Duration(seconds) * time.Second
	}
	p.chain.Cache = &cache
	return nil
}

func (p *plan) noteTeams(ctx context.Context) error {
	v, err := p.plain(ctx, optMultiTeam)
	if err != nil {
		return err
	}
	on, err := parseBool(v.text)
	if err != nil {
		return v.fail(err)
	}
	if on {
		p.notes = append(p.notes, optMultiTeam.String()+" is ignored: the chain looks up the names that all teams share; "+
			"for a team's own names make its stores with their Team option")
	}
	return nil
}

// parseBool reads a boolean as Airflow does.
func parseBool(text string) (bool, error) {
	text, _, _ = strings.Cut(strings.ToLower(text), "#")
	switch strings.TrimSpace(text) {
	case "t", "true", "1":
		return true, nil
	case "f", "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("%w: write True or False", secrets.ErrMalformed)
}
