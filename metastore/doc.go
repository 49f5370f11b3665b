// Package metastore reads and writes Airflow's metadata database: the connections and variables of a running Airflow 1.10, 2.x
// or 3.x, or of a database of one's own with the same tables. It knows database/sql only; the packages sqlite, postgres
// and mysql below it hold a driver each:
//
//	store, err := sqlite.Open(ctx, "airflow.db", &metastore.Options{FernetKeys: keys})
//	...
//	defer store.Close()
//	err = store.Migrate(ctx) // creates the tables where they are missing
//
// A database that the program has opened itself goes to [New] with its dialect. The driver "metastore" of package backend
// takes sql_alchemy_conn (a SQLAlchemy URL) or dsn (the database's own form, with dialect where that does not tell), and
// fernet_key (separated by commas, newest first); it opens whichever dialects are imported.
//
// # Names
//
// A connection is looked up as connection.conn_id, a variable as variable.key, unchanged; what counts as equal is the
// database's to say. A table of Airflow 1.10 may hold several connections of one name: all are returned, in the order of
// column id. With [Options].Team only rows of that team and of none are seen.
//
// # Encryption
//
// Passwords, extras and values of variables are Fernet tokens where the row's flag says so, and plain where it is false or
// NULL. The first key writes, every key reads, and [Store.RotateFernetKeys] brings older rows to the first. Logins,
// hosts and descriptions are never encrypted, as in Airflow.
//
// # Errors
//
//	no row, or a NULL value                                not found
//	a field that cannot be decrypted or read, or written   malformed: see [RowError]
//	login or privilege refused, another team's row         denied
//	every other failure of the database, a missing table   unavailable
//	after Close                                            closed
//	the caller's context ended                             the context's own error
//
// Each dialect's package lists its codes. One damaged row never breaks another. No error holds a value, nor the text of a
// driver's error, which may quote one. It names the server, from the moment that the server has answered, or the file: never
// what may be a piece of a password in a data source name that was misread. A read is repeated once when its connection breaks; a write only if nothing can
// have been written. While other writers are in the way a call goes on trying, for ten seconds or until its context ends.
//
// # Permissions
//
// SELECT on the tables connection and variable is enough to read; INSERT, UPDATE and DELETE to write; CREATE for
// [Store.Migrate] where tables are missing. Each dialect's package has the statements.
//
// # Cost
//
// A lookup is one statement in one round trip, prepared once per connection. The first lookup of each kind also looks at
// the table's columns, once for the life of the store, unless the table changes under it. A batch is one statement per
// thousand names; where the database may ignore case (MySQL) a second one asks for those that did not come back. A write
// is one statement where the name exists and two where it is new, or three with Options.Team. Nothing is held open between
// calls.
package metastore
