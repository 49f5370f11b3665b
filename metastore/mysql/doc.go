// Package mysql opens a metastore in MySQL or MariaDB: typically the database that Airflow runs on. Importing it is what
// makes the driver "metastore" understand mysql:// URLs; see package metastore for what the store does.
//
//	store, err := mysql.Open(ctx, "user:password@tcp(db.example.com:3306)/airflow?tls=true", nil)
//
// # Names
//
// Which names are equal is up to the collation of the columns conn_id and key. Airflow's own default, utf8mb3_bin, and
// the tables that Migrate makes compare letter by letter, except for blanks at the end, which these ignore. Under a
// collation such as utf8mb4_unicode_ci a lookup ignores case too, and a write to DB changes the row of db, as Airflow's
// does.
//
// # Errors
//
//	1044, 1045, 1142, 1143, 1227, 1698, … (login, privilege)  denied
//	1267, 1271 (a name that the column cannot hold)           not found when reading, malformed when writing
//	1048, 1062, 1264, 1366, 1406, 1452 (data, constraint)     malformed
//	1213 (deadlock)                                           tried again for ten seconds, then unavailable
//	connection lost                                           a read is repeated once, a write if it had not begun; else unavailable
//	1040, 1203, 1226 (saturated), 1053 (shutdown), 1290, 1836
//	(read-only) and every other number                        unavailable
//
// An error shows the number and never the server's text, which quotes values. A write whose context ends may still be
// made: the server goes on with a statement whose client has left.
//
// # Permissions
//
//	GRANT SELECT ON airflow.connection TO reader;  -- and airflow.variable
//	GRANT SELECT, INSERT, UPDATE, DELETE ON airflow.connection TO writer;  -- and airflow.variable
//
// Migrate needs CREATE and REFERENCES where tables are missing.
//
// # Cost
//
// A lookup is one statement in one round trip: each is prepared once per connection. Open asks for the strict SQL mode,
// in which a value that does not fit is an error and not cut short; where the data source name sets sql_mode itself, and
// with a database of your own, see to it yourself. Open turns autocommit on, whatever the server or the data source name
// say; a database of your own must have it on, too.
package mysql
