package postgres

import (
	"cmp"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
	"github.com/secretchain/secrets/metastore"
)

// Classify maps SQLSTATEs, and what pgx reports without one.
func (d Dialect) Classify(err error) metastore.Failure {
	_, dialling := errors.AsType[*pgconn.ConnectError](err)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		d.server.Answered()
		f := classifyState(e.Code)
		f.Reason += " (SQLSTATE " + e.Code + ")"
		f.Lost = f.Lost && !dialling
		// The context "parameter $1": it is not what a row holds. That has no context, or, where the server is to tell it, "$1 = 'x'".
		f.Unheld = e.Code == "22P05" && strings.Contains(e.Where, "$") && !strings.Contains(e.Where, "=")
		return f
	}
	why := netfail.Why(err)
	switch {
	case dialling:
		return metastore.Failure{Reason: "the server" + netfail.At(err) + " cannot be reached: " +
			cmp.Or(why, "check host, port and sslmode of the data source name")}
	case pgconn.SafeToRetry(err):
		return metastore.Failure{Reason: "the connection was lost", Lost: true, Untouched: true}
	case why != "":
		return metastore.Failure{Reason: "the connection was lost: " + why, Lost: true}
	}
	return metastore.Failure{Reason: "the driver failed"}
}

func classifyState(code string) metastore.Failure {
	switch code {
	case "23503":
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "the team is not in table team"}
	case "22001":
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value is too long for its column"}
	case "22021", "22P05":
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a name or value holds a character that the database cannot store, such as NUL"}
	case "42501":
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the login lacks a privilege: see Permissions in the documentation of metastore/postgres"}
	case "40001", "40P01", "55P03":
		return metastore.Failure{Reason: "another writer was in the way for too long", Untouched: true}
	case "42P01", "42703", "0A000":
		return metastore.Failure{Reason: "the tables are not as they were found", Stale: true}
	case "26000", "42P05":
		return metastore.Failure{Reason: "a pooler loses prepared statements: add default_query_exec_mode=exec to the data source name"}
	case "25006":
		return metastore.Failure{Reason: "the server only reads now: a standby?"}
	case "3D000":
		return metastore.Failure{Reason: "there is no such database"}
	case "42704":
		return metastore.Failure{Reason: "the server does not know a setting of the data source name"}
	case "53300":
		return metastore.Failure{Reason: "the server has no connection left"}
	case "57014":
		return metastore.Failure{Reason: "the server ended the statement: its own time limit?"}
	case "57P01", "57P02", "57P05":
		return metastore.Failure{Reason: "the server is stopping or ended the connection", Lost: true}
	case "57P03":
		return metastore.Failure{Reason: "the server is starting"}
	}
	switch code[:min(2, len(code))] {
	case "28":
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the login was refused"}
	case "22":
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value does not fit its column"}
	case "23":
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a constraint of the table refused the row"}
	case "08":
		return metastore.Failure{Reason: "the connection was lost", Lost: true}
	case "53":
		return metastore.Failure{Reason: "the server is out of a resource"}
	}
	return metastore.Failure{Reason: "the server failed"}
}
