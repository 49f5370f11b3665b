package envbackend

import (
	"context"
	"errors"
	"strings"

	"github.com/secretchain/secrets"
)

// List returns the ids that can be read, in lower case where a lookup finds them so: the environment does not tell how
// they were written. With a team it lists the team's and those that all share.
func (b *Backend) List(ctx context.Context, kind secrets.Kind) ([]string, error) {
	from, err := b.source(ctx)
	if err != nil {
		return nil, &secrets.Error{Op: "list", Kind: kind, Err: err}
	}
	if from.environ == nil {
		return nil, &secrets.Error{Op: "list", Kind: kind, Err: errors.ErrUnsupported}
	}
	p := b.prefix(kind)
	if !p.on {
		return nil, nil
	}
	var ids []string
	seen := make(map[string]bool)
	for _, entry := range from.environ() {
		name, value, _ := strings.Cut(entry, "=")
		upper, ok := strings.CutPrefix(name, p.text)
		if !ok {
			continue
		}
		blank := value == "" && kind == secrets.KindConnection
		if own, ok := strings.CutPrefix(upper, b.team); ok && b.team != "" && kind != secrets.KindConfig {
			upper, blank = own, value == ""
		}
		id := idOf(upper)
		if id == "" || blank || seen[id] || b.refuse(kind, id) != nil {
			continue
		}
		seen[id] = true
		ids = append(ids, id)
	}
	return ids, nil
}

// idOf returns an id whose upper case is upper; blank if there is none, since then no lookup asks for it.
func idOf(upper string) string {
	for _, id := range [...]string{strings.ToLower(upper), upper} {
		if string(appendUpper(nil, id)) == upper {
			return id
		}
	}
	return ""
}
