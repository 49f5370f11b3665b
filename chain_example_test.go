package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/envbackend"
)

func ExampleNewChain() {
	env, err := envbackend.New(&envbackend.Options{Lookup: func(name string) (string, bool) { // by default os.LookupEnv
		return "postgres://app:s3cret@db.example.com:5432/sales", name == "AIRFLOW_CONN_MY_DB"
	}})
	if err != nil {
		log.Fatal(err)
	}
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "store", Backend: secrets.Funcs{}, Timeout: 2 * time.Second, ContinueOn: []error{secrets.ErrUnavailable}},
		{Name: "environment", Backend: env},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	conn, err := chain.GetConnection(context.Background(), "my_db")
	fmt.Println(conn, err)
	fmt.Println(conn.Host, conn.Port, conn.Password.Reveal())
	_, err = chain.GetConnection(context.Background(), "other_db")
	fmt.Println(err)
	// Output:
	// postgres://app:***@db.example.com:5432/sales <nil>
	// db.example.com 5432 s3cret
	// get connection "other_db": not found in store; environment (AIRFLOW_CONN_OTHER_DB)
}

func ExampleLookupError() {
	down := backendtest.NewFake(backendtest.Content{})
	down.Fail(fmt.Errorf("%w: no route to host", secrets.ErrUnavailable))
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "store", Backend: down, ContinueOn: []error{secrets.ErrUnavailable}},
		{Name: "metastore", Backend: backendtest.NewFake(backendtest.Content{})},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	_, err = chain.GetVariable(context.Background(), "region")
	fmt.Println(err)
	fmt.Println("not found:", errors.Is(err, secrets.ErrNotFound))
	fmt.Println("unavailable:", errors.Is(err, secrets.ErrUnavailable))
	if failed, ok := errors.AsType[*secrets.LookupError](err); ok {
		for _, attempt := range failed.Tried {
			fmt.Println(attempt.Layer, "-", secrets.ClassOf(attempt.Err))
		}
	}
	// Output:
	// get variable "region": store: unavailable: no route to host; metastore: not found
	// not found: false
	// unavailable: true
	// store - unavailable
	// metastore - not found
}

func ExampleChain_LookupVariable() {
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "store", Backend: backendtest.NewFake(backendtest.Content{})},
		{Name: "metastore", Backend: backendtest.NewFake(backendtest.Content{Variables: map[string]string{"region": "eu-central-1"}})},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	found, err := chain.LookupVariable(context.Background(), "region")
	fmt.Println(found.Value, "from", found.Layer, err)
	fmt.Println(found.Value.Reveal())
	// Output:
	// *** from metastore <nil>
	// eu-central-1
}

func ExampleChain_Explain() {
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "store", Backend: backendtest.NewFake(backendtest.Content{})},
		{Name: "metastore", Backend: backendtest.NewFake(backendtest.Content{Variables: map[string]string{"region": "eu-central-1"}})},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	attempts, err := chain.Explain(context.Background(), secrets.KindVariable, "region")
	if err != nil {
		log.Fatal(err)
	}
	for _, attempt := range attempts {
		fmt.Printf("%s holds %s: %t\n", attempt.Layer, attempt.StoreName, attempt.Err == nil)
	}
	// Output:
	// store holds region: false
	// metastore holds region: true
}

func ExampleChain_SetVariable() {
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "environment", Backend: secrets.Funcs{Variable: func(context.Context, string) (string, error) { return "eu-central-1", nil }}},
		{Name: "metastore", Backend: backendtest.NewFake(backendtest.Content{})},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	written, err := chain.SetVariable(context.Background(), "region", "us-east-1")
	fmt.Printf("written to %s, hidden by %s: %v\n", written.Layer, written.ShadowedBy, err)
	fmt.Println(chain.GetVariable(context.Background(), "region"))
	// Output:
	// written to metastore, hidden by environment: <nil>
	// eu-central-1 <nil>
}

func ExampleChain_Prefetch() {
	store := backendtest.NewFake(backendtest.Content{Variables: map[string]string{"region": "eu-central-1", "stage": "test"}})
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store}},
		&secrets.Options{Cache: &secrets.CacheOptions{TTL: 5 * time.Minute, StaleIfError: time.Hour}})
	if err != nil {
		log.Fatal(err)
	}
	defer chain.Close()

	ctx := context.Background()
	if err := chain.Prefetch(ctx, secrets.KindVariable, "region", "stage"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(chain.GetVariable(ctx, "region"))
	fmt.Println(chain.GetVariable(ctx, "stage"))
	stats := chain.Stats()
	fmt.Println("calls:", stats.BackendCalls, "from the cache:", stats.Hits)
	// Output:
	// eu-central-1 <nil>
	// test <nil>
	// calls: 1 from the cache: 2
}

func ExampleFuncs() {
	backend := secrets.Funcs{Variable: func(_ context.Context, key string) (string, error) {
		if key != "region" {
			return "", secrets.ErrNotFound
		}
		return "eu-central-1", nil
	}}
	fmt.Println(backend.GetVariable(context.Background(), "region"))
	// Output: eu-central-1 <nil>
}

func ExampleVariableOr() {
	store := backendtest.NewFake(backendtest.Content{})
	fmt.Println(secrets.VariableOr(context.Background(), store, "region", "eu-central-1"))
	store.Fail(secrets.ErrUnavailable)
	_, err := secrets.VariableOr(context.Background(), store, "region", "eu-central-1")
	fmt.Println(err)
	// Output:
	// eu-central-1 <nil>
	// get variable "region": unavailable
}

func ExampleVariableJSON() {
	store := backendtest.NewFake(backendtest.Content{Variables: map[string]string{"limits": `{"requests": 100}`, "bad": `{"requests": "many"}`}})
	type limits struct{ Requests int }
	got, err := secrets.VariableJSON[limits](context.Background(), store, "limits")
	fmt.Println(got.Requests, err)
	_, err = secrets.VariableJSON[limits](context.Background(), store, "bad")
	fmt.Println(err)
	// Output:
	// 100 <nil>
	// decode variable "bad": malformed JSON: at byte 19: a value does not fit int
}

func ExampleSecret() {
	config := struct {
		User     string
		Password secrets.Secret
	}{"app", secrets.NewSecret("s3cret")}
	fmt.Printf("%+v\n", config)
	fmt.Println(config.Password.Reveal())
	// Output:
	// {User:app Password:***}
	// s3cret
}
