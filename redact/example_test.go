package redact_test

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/redact"
)

func ExampleRedactor_Handler() {
	r := redact.New(nil)
	r.Add(secrets.NewSecret("p@ss/word"))
	noTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	log := slog.New(r.Handler(slog.NewTextHandler(os.Stdout, noTime)))
	log.Error("dial failed", "url", "postgres://app:p%40ss%2Fword@db/sales", "err", fmt.Errorf("bad login app:p@ss/word"))
	// Output: level=ERROR msg="dial failed" url=postgres://app:***@db/sales err="bad login app:***"
}
