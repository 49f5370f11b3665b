package backendtest_test

import (
	"context"
	"fmt"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func ExampleNewFake() {
	store := backendtest.NewFake(backendtest.Content{
		Connections: map[string][]string{"my_db": {"postgres://app:s3cret@replica-1/sales", "postgres://app:s3cret@replica-2/sales"}},
		Variables:   map[string]string{"region": "eu-central-1"},
	})
	ctx := context.Background()
	fmt.Println(store.GetConnections(ctx, "my_db"))
	store.Fail(secrets.ErrUnavailable) // what does the program do now?
	_, err := store.GetVariable(ctx, "region")
	fmt.Println(err)
	store.Fail(nil)
	fmt.Println(store.GetVariable(ctx, "region"))
	fmt.Println(store.Calls(), "calls")
	// Output:
	// [postgres://app:***@replica-1/sales postgres://app:***@replica-2/sales] <nil>
	// get variable "region": unavailable
	// eu-central-1 <nil>
	// 3 calls
}
