// Package postgres opens a metastore in PostgreSQL, and in what speaks its protocol: typically the database that Airflow
// runs on. Importing it is what makes the driver "metastore" understand postgresql:// URLs; see package metastore for
// what the store does.
//
//	store, err := postgres.Open(ctx, "postgres://user:password@db.example.com/airflow?sslmode=verify-full", nil)
//
// # Names
//
// Tables are found through the connection's search_path; set it with options=-csearch_path=airflow where they are in a
// schema of their own. Names are compared byte by byte.
//
// # Errors
//
//	28… (login), 42501 (privilege)                   denied
//	22P05 (a name that its encoding cannot hold)     not found when reading, malformed when writing
//	22… (data), 23… (constraint)                     malformed
//	40001, 40P01, 55P03 (another writer)             tried again for ten seconds, then unavailable
//	connection lost                                  a read is repeated once, a write if it had not begun; else unavailable
//	53… (saturated), 57P… (restart), 25006 (standby)
//	and every other code                             unavailable
//
// An error shows the SQLSTATE and never the server's text, which quotes values.
//
// # Permissions
//
//	GRANT SELECT ON connection, variable TO reader;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON connection, variable TO writer;
//	GRANT USAGE ON SEQUENCE connection_id_seq, variable_id_seq TO writer;
//
// and SELECT on team to insert rows of a team. Migrate needs CREATE on the schema where tables are missing.
//
// # Cost
//
// A lookup is one statement in one round trip: pgx prepares each statement once per connection. Behind a pooler that
// cannot keep prepared statements (PgBouncer in transaction mode, before 1.21 or with max_prepared_statements 0) add
// default_query_exec_mode=exec to the data source name. A connection that was idle for a second is asked first whether
// it still lives, which is one more round trip.
package postgres
