// Package backend is the kit that stores are made of: how names are built ([Naming]), a whole store from one fetch
// ([NewTextStore]), strict arguments ([DecodeKwargs]) and the registry through which a store is opened by its name or
// by Airflow's class path ([Register], [Open]).
//
// A store of one's own needs a fetch function and three lines: see examples/custombackend. The suite in
// backend/backendtest says whether it is a Backend.
//
// Everything here is safe for concurrent use. Nothing here does I/O or reads the environment.
package backend
