package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func ExampleNewTextStore() {
	texts := map[string]string{"shop_conn_my_db": "mysql://app:s3cret@db.example.com/sales", "shop_var_region": "eu-central-1"}
	store := backend.NewTextStore(func(_ context.Context, name string) (string, error) {
		text, ok := texts[name]
		if !ok {
			return "", secrets.ErrNotFound
		}
		return text, nil
	}, backend.Naming{
		Connections: backend.At("shop_conn"),
		Variables:   backend.At("shop_var"),
		Config:      backend.Off,
		Separator:   "_",
		Valid:       func(name string) bool { return !strings.Contains(name, "-") },
	})
	ctx := context.Background()
	fmt.Println(store.GetConnections(ctx, "my_db"))
	fmt.Println(store.GetVariable(ctx, "region"))
	_, err := store.GetVariable(ctx, "stage")
	fmt.Println(err)
	// Output:
	// [mysql://app:***@db.example.com/sales] <nil>
	// eu-central-1 <nil>
	// get variable "stage" (shop_var_stage): not found
}

func ExampleOpener() {
	type arguments struct {
		Prefix backend.Prefix `json:"connections_prefix"`
		Root   string         `json:"root"`
	}
	driver := backend.Driver{Name: "shop", Open: backend.Opener(func(_ context.Context, args *arguments) (*backend.TextStore, error) {
		if args.Root == "" {
			return nil, errors.New("root is missing: the folder of the shop's secrets")
		}
		fetch := func(context.Context, string) (string, error) { return "", secrets.ErrNotFound }
		return backend.NewTextStore(fetch, backend.Naming{Connections: args.Prefix.Or("shop")}), nil
	})}
	// A package registers its driver in init, with backend.Register. From then on backend.Open opens it by its name.
	store, err := driver.Open(context.Background(), json.RawMessage(`{"root": "/srv/shop", "connections_prefix": null}`))
	fmt.Println(store, err)
	_, err = driver.Open(context.Background(), json.RawMessage(`{"rout": "/srv/shop"}`))
	fmt.Println(err)
	// Output:
	// backend.TextStore <nil>
	// unknown argument "rout": did you mean "root"? (known: connections_prefix, root)
}

func ExampleDecodeKwargs() {
	arguments := struct {
		Connections backend.Prefix `json:"connections_prefix"`
		Variables   backend.Prefix `json:"variables_prefix"`
		UseSSL      bool           `json:"use_ssl"`
	}{UseSSL: true}
	err := backend.DecodeKwargs(json.RawMessage(`{"connections_prefix": null, "variables_prefix": ""}`), &arguments)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(arguments.Connections, arguments.Variables, arguments.UseSSL)
	fmt.Println(backend.DecodeKwargs(json.RawMessage(`{"use_ssl": "maybe"}`), &arguments))
	// Output:
	// off "" true
	// argument "use_ssl" must be true or false
}
