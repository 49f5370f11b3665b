package secrets

import "math/rand/v2"

// PickRandom chooses one of several connections at random, as Airflow 1.10 did: a poor man's load balancing. For
// Options.Pick.
func PickRandom(conns []Connection) Connection { return conns[rand.IntN(len(conns))] }
