package envbackend_test

import (
	"os"
	"testing"

	"github.com/secretchain/secrets/envbackend"
)

// The bound of the specification, design §9: a lookup costs at most 1.5 of os.LookupEnv with a ready name.
func BenchmarkGetVariable(b *testing.B) {
	const key, name = "my_service_password", "AIRFLOW_VAR_MY_SERVICE_PASSWORD"
	b.Setenv(name, "a value of 32 bytes, as many are")
	env, err := envbackend.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	b.Run("os.LookupEnv", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := os.LookupEnv(name); !ok {
				b.Fatal("absent")
			}
		}
	})
	b.Run("envbackend", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := env.GetVariable(ctx, key); err != nil {
				b.Fatal(err)
			}
		}
	})
}
