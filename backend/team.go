package backend

import (
	"fmt"
	"strings"

	"github.com/secretchain/secrets"
)

// TeamScope makes the Scope of a [Naming] for a service that belongs to team: team + separator + id first, then the
// id that all teams share (specification, lookup §8). Configuration is never a team's. A blank team gives nil: teams
// are off.
//
// An id that holds the separator could spell another team's name, so it is refused with ErrDenied; and so is one that
// begins with a dash where the separator does, for a team's name may end with one. Rewrite is what the store does to
// names, if anything, so that the check sees what the store sees.
func TeamScope(team, separator string, rewrite func(string) string) func(secrets.Kind, string) ([]string, error) {
	if team == "" {
		return nil
	}
	return func(kind secrets.Kind, id string) ([]string, error) {
		seen := id
		if rewrite != nil {
			seen = rewrite(id)
		}
		if strings.Contains(seen, separator) || strings.HasPrefix(separator, "-") && strings.HasPrefix(seen, "-") {
			return nil, &secrets.Error{Op: "get", Kind: kind, ID: id,
				Err: fmt.Errorf("%w: the id could be read as another team's: %q stands between team and id", secrets.ErrDenied, separator)}
		}
		if kind == secrets.KindConfig {
			return []string{id}, nil
		}
		return []string{team + separator + id, id}, nil
	}
}

// CheckTeam reports a team name that Airflow would refuse, with ErrMalformed: 3 to 50 ASCII letters, digits and dashes.
// Blank is no team.
func CheckTeam(team string) error {
	if team == "" {
		return nil
	}
	if len(team) < 3 || len(team) > 50 {
		return Refused(fmt.Errorf("team name has %d characters, must have 3 to 50", len(team)))
	}
	for _, r := range team {
		if r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return Refused(fmt.Errorf("team name %q may hold only ASCII letters, digits and dashes", team))
		}
	}
	return nil
}
