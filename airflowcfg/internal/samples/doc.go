// Package samples holds tests alone: the configurations that Airflow's manuals show, opened by airflowcfg with every
// store, each with its vendor's own client and over the wire. They are here so that the tests of airflowcfg link none.
package samples
