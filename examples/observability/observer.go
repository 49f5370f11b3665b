package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/secretchain/secrets"
)

// Observer makes one span of every backend call. An absence is an outcome and no error.
type Observer struct{ Tracer trace.Tracer }

// Start implements [secrets.Observer].
func (o Observer) Start(ctx context.Context, call secrets.Call) (context.Context, func(error)) {
	ctx, span := o.Tracer.Start(ctx, "secrets "+call.Layer, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("secrets.layer", call.Layer),
		attribute.String("secrets.kind", call.Kind.String()),
		attribute.String("secrets.id", call.ID))) // on a span; never a label of a metric
	return ctx, func(err error) {
		outcome := "done"
		switch class := secrets.ClassOf(err); {
		case class == nil:
		case class == secrets.ErrNotFound:
			outcome = class.Error()
		case ctx.Err() != nil:
			outcome = "nobody waits" // the caller left, which is nobody's failure
		default:
			outcome = class.Error()
			span.SetStatus(codes.Error, outcome)
		}
		span.SetAttributes(attribute.String("secrets.outcome", outcome))
		span.End()
	}
}
