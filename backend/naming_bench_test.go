package backend_test

import (
	"testing"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

var sink string

// BenchmarkStoreName builds names, against the least that a name can cost: joining its parts.
func BenchmarkStoreName(b *testing.B) {
	ids := []string{"smtp_default", "warehouse", "billing_db", "mysql_conn_id"}
	b.Run("floor: prefix + separator + id", func(b *testing.B) {
		prefix, separator := "airflow/connections", "/"
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink = prefix + separator + ids[i%len(ids)]
		}
	})
	b.Run("StoreName", func(b *testing.B) {
		n := backend.Naming{Connections: backend.At("airflow/connections")}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink, _ = n.StoreName(secrets.KindConnection, ids[i%len(ids)])
		}
	})
	b.Run("Names", func(b *testing.B) {
		n := backend.Naming{Connections: backend.At("airflow/connections")}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			names, _ := n.Names(secrets.KindConnection, ids[i%len(ids)])
			sink = names[0]
		}
	})
}
