package airflowcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/secretchain/secrets"
)

// The names that backends_order is made of (specification, lookup §2.1).
const (
	stepCustom       = "custom"
	stepEnvironment  = "environment_variable"
	stepMetastore    = "metastore"
	stepExecutionAPI = "execution_api"
)

// splitOrder takes a backends_order apart. Unlike in Airflow no name must be there.
func splitOrder(v value) ([]string, error) {
	known, other, belongs := []string{stepCustom, stepEnvironment, stepMetastore}, stepExecutionAPI, optWorkerOrder
	if v.opt == optWorkerOrder {
		known, other, belongs = []string{stepCustom, stepEnvironment, stepExecutionAPI}, stepMetastore, optOrder
	}
	var order []string
	for name := range strings.SplitSeq(v.text, ",") {
		name = strings.TrimSpace(name)
		reason := ""
		switch {
		case slices.Contains(order, name):
			reason = fmt.Sprintf("%q is there twice", name)
		case name == other:
			reason = fmt.Sprintf("%q belongs into %s", name, belongs)
		case name == "":
			reason = "a name is blank"
		case len(name) > 64:
			reason = "a name has more than 64 bytes"
		case !isWord(name):
			reason = "a name is no single word; comments and other options stand on lines of their own, which are not indented"
		case !slices.Contains(known, name):
			reason = fmt.Sprintf("unknown backend %q", name)
		}
		if reason != "" {
			return nil, v.fail(fmt.Errorf("%w: %s; write some of %s, separated by commas",
				secrets.ErrMalformed, reason, strings.Join(known, ", ")))
		}
		order = append(order, name)
	}
	return order, nil
}
