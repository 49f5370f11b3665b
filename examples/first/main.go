package main

import (
	"context"
	"fmt"
	"log"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/envbackend"
)

func main() {
	env, err := envbackend.New(nil) // AIRFLOW_CONN_… and AIRFLOW_VAR_…
	if err != nil {
		log.Fatal(err)
	}
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "environment", Backend: env}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()
	conn, err := chain.GetConnection(context.Background(), "my_db")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("dial", conn.Host, "port", conn.Port, "as", conn.Login) // conn.Password.Reveal() is the password
	fmt.Println(conn)                                                   // printed, it shows none
}
