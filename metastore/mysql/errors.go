package mysql

import (
	"cmp"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/netfail"
	"github.com/secretchain/secrets/metastore"
)

// Classify maps the server's error numbers, and what the driver reports without one.
func (d Dialect) Classify(err error) metastore.Failure {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		d.server.Answered()
		f := classifyNumber(e.Number)
		f.Reason += fmt.Sprintf(" (error %d)", e.Number)
		return f
	}
	why := netfail.Why(err)
	dial, ok := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errLocked):
		return metastore.Failure{Reason: "another process held the lock for too long", Untouched: true}
	case errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrNativePassword), errors.Is(err, mysql.ErrOldPassword),
		errors.Is(err, mysql.ErrUnknownPlugin):
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the server asks for a way to log in that the data source name does not allow"}
	case errors.Is(err, mysql.ErrNoTLS):
		return metastore.Failure{Reason: "TLS is asked for, and the server has none"}
	case errors.Is(err, mysql.ErrPktTooLarge):
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value is larger than maxAllowedPacket"}
	case errors.Is(err, mysql.ErrInvalidConn):
		return metastore.Failure{Reason: "the connection was lost", Lost: true}
	case ok && dial.Op == "dial" || isDNS(err):
		return metastore.Failure{Reason: "the server" + netfail.At(err) + " cannot be reached: " +
			cmp.Or(why, "check host and port of the data source name")}
	case why != "":
		return metastore.Failure{Reason: "the connection was lost: " + why, Lost: true}
	}
	return metastore.Failure{Reason: "the driver failed"}
}

func isDNS(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

func classifyNumber(number uint16) metastore.Failure {
	switch number {
	case 1045: // also MariaDB's word for a login without TLS where it insists on it
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the login was refused: check user and password, and whether the server insists on TLS"}
	case 3159:
		return metastore.Failure{Reason: "the server insists on TLS: add ssl_mode=VERIFY_IDENTITY to a SQLAlchemy URL, tls=true to a data source name"}
	case 1044, 1130, 1251, 1698, 1820, 1862, 3118, 4151:
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the login was refused"}
	case 1142, 1143, 1227, 1370:
		return metastore.Failure{Class: secrets.ErrDenied, Reason: "the login lacks a privilege: see Permissions in the documentation of metastore/mysql"}
	case 1452:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "the team is not in table team"}
	case 1406:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value is too long for its column"}
	case 1366, 1300, 3988:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value holds a character that its column cannot store: is it utf8mb4?"}
	case 1267, 1271: // of two collations; the only texts that are compared are names
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a name holds a character that its column cannot store: is it utf8mb4?", Unheld: true}
	case 1264, 1265:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a value does not fit its column"}
	case 1048, 1062, 1364, 1451, 4025:
		return metastore.Failure{Class: secrets.ErrMalformed, Reason: "a constraint of the table refused the row"}
	case 1020, 1213, 1615:
		return metastore.Failure{Reason: "another writer was in the way for too long", Untouched: true}
	case 1205:
		return metastore.Failure{Reason: "another writer held the row for longer than the server waits"}
	case 1054, 1146:
		return metastore.Failure{Reason: "the tables are not as they were found", Stale: true}
	case 1046:
		return metastore.Failure{Reason: "the data source name names no database"}
	case 1049:
		return metastore.Failure{Reason: "there is no such database"}
	case 1040, 1203, 1226:
		return metastore.Failure{Reason: "the server has no connection left"}
	case 1290, 1792, 1836:
		return metastore.Failure{Reason: "the server only reads now: a replica?"}
	case 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 4031:
		return metastore.Failure{Reason: "the server is stopping or ended the connection", Lost: true}
	case 1317, 1969, 3024:
		return metastore.Failure{Reason: "the server ended the statement: its own time limit?"}
	}
	return metastore.Failure{Reason: "the server failed"}
}
