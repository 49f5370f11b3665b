// Observability shows a chain in the sight of OpenTelemetry: one span a backend call, its class as an attribute, no
// value anywhere. observer.go is all of it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/envbackend"
)

func main() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter() // in a service: the exporter of your collector
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	defer provider.Shutdown(ctx)

	must(os.Setenv("AIRFLOW_VAR_REGION", "eu-central-1"))
	env, err := envbackend.New(nil)
	must(err)
	chain, err := secrets.NewChain([]secrets.Layer{
		{Name: "store", Backend: backendtest.NewFake(backendtest.Content{})},
		{Name: "env", Backend: env},
	}, &secrets.Options{Observer: Observer{provider.Tracer("secrets")}})
	must(err)
	defer chain.Close()

	_, err = chain.GetVariable(ctx, "region")
	must(err)
	for _, span := range spans.GetSpans() {
		fmt.Printf("%s", span.Name)
		for _, attribute := range span.Attributes {
			fmt.Printf("  %s=%s", attribute.Key, attribute.Value.String())
		}
		fmt.Printf("  status=%s\n", span.Status.Code)
	}
	stats := chain.Stats()
	fmt.Printf("lookups %d, backend calls %d, errors %d\n", stats.Lookups, stats.BackendCalls, stats.Errors)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
