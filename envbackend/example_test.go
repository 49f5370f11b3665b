package envbackend_test

import (
	"context"
	"fmt"

	"github.com/secretchain/secrets/envbackend"
)

func Example() {
	environment := map[string]string{"AIRFLOW_CONN_SMTP_DEFAULT": "smtps://user:pass%2Fword@relay.example.com:465"}
	b, err := envbackend.New(&envbackend.Options{Lookup: func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conns, err := b.GetConnections(context.Background(), "smtp_default")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conns[0].Host, conns[0].Port, conns[0].Password)
	_, err = b.GetVariable(context.Background(), "hello")
	fmt.Println(err)
	// Output:
	// relay.example.com 465 ***
	// get variable "hello" (AIRFLOW_VAR_HELLO): not found
}
