// Package sqlite opens a metastore in a SQLite file: the embedded default, in pure Go. Importing it is what makes the
// driver "metastore" understand sqlite:// URLs; see package metastore for what the store does.
//
//	store, err := sqlite.Open(ctx, "airflow.db", &metastore.Options{FernetKeys: keys})
//	...
//	defer store.Close()
//	err = store.Migrate(ctx) // where the file may be new
//
// # Files
//
// The data source name is a path, a file: URI or ":memory:", with the parameters of modernc.org/sqlite after a question
// mark. What it does not set is set as follows: write-ahead logging, so that readers and one writer work side by side,
// in this process and in others; foreign keys; immediate write transactions; a wait of 200 ms for another writer
// (_busy_timeout), which the store repeats for ten seconds or until the call's context ends. Write-ahead logging is a
// property of the file and stays with it; it needs a local disk, and write access to the folder. For a database that may
// not be written use a URI: file:airflow.db?mode=ro.
//
// A database in memory has one connection and is gone when the store is closed.
//
// # Names
//
// Names are compared byte by byte.
//
// # Errors
//
//	SQLITE_READONLY, _PERM, _AUTH          denied
//	SQLITE_CONSTRAINT, _TOOBIG, _MISMATCH  malformed
//	every other code                       unavailable: _BUSY when another process held the lock for too long, _CANTOPEN
//	                                       for a missing folder or permission, _NOTADB for a file of another kind, …
//
// # Permissions
//
// To read the file is enough with mode=ro. Everything else needs to write it, and its folder, where write-ahead logging keeps two
// files beside it.
//
// # Cost
//
// A lookup is one prepared statement, in this process. Writes are synchronous: one fsync each.
package sqlite
