package vectors

import (
	"encoding/json"
	"testing"

	"github.com/secretchain/secrets"
)

// NameCase is a case of names.json: what Airflow asks a store for.
type NameCase struct {
	Backend, Lookup, ID string
	Kwargs              json.RawMessage
	Mount               string `json:"mount_point"` // Vault's
}

// Kind is the kind of what is looked up.
func (c NameCase) Kind() secrets.Kind {
	return map[string]secrets.Kind{"connection": secrets.KindConnection, "variable": secrets.KindVariable, "config": secrets.KindConfig}[c.Lookup]
}

// Told is the name that b, a Namer, tells.
func (c NameCase) Told(b secrets.Backend) string {
	name, _ := b.(secrets.Namer).StoreName(c.Kind(), c.ID)
	return name
}

// Names runs the cases of names.json that are about backend; told is the name that the code tells, "" for none.
func Names(t *testing.T, backend string, told func(t *testing.T, c NameCase) (string, error)) {
	t.Helper()
	Suite[NameCase]{
		File: "names.json",
		Only: func(c NameCase) bool { return c.Backend == backend },
		Got: func(t *testing.T, c NameCase) (any, error) {
			name, err := told(t, c)
			if err != nil || name == "" {
				return nil, err
			}
			return []string{name}, nil
		},
	}.Run(t)
}
