package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	otrace "go.opentelemetry.io/otel/trace"
)

// tracer is nil where nothing is traced.
var tracer otrace.Tracer

// made is the answer's body; it is a span of its own.
func made(ctx context.Context, goods product) ([]byte, error) {
	if tracer != nil {
		_, span := tracer.Start(ctx, "product", otrace.WithAttributes(attribute.Int64("product.id", goods.ID)))
		defer span.End()
	}
	return json.Marshal(goods)
}

// traced makes two spans of each request that is sampled (SAMPLED, a share; 1: all), in batches, each second at the latest.
func traced(answer http.Handler, collector string) (http.Handler, end, error) {
	share, err := strconv.ParseFloat(os.Getenv("SAMPLED"), 64)
	if err != nil || share < 0 || share > 1 {
		return nil, nil, fmt.Errorf("SAMPLED is %q, which is no share of requests", os.Getenv("SAMPLED"))
	}
	exporter, err := otlptracegrpc.New(
		context.Background(), otlptracegrpc.WithEndpoint(collector), otlptracegrpc.WithInsecure(),
	)
	if err != nil {
		return nil, nil, err
	}
	provider := trace.NewTracerProvider(
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(share))),
		trace.WithBatcher(exporter, trace.WithBatchTimeout(time.Second)),
		trace.WithResource(described()),
	)
	tracer = provider.Tracer(serviceName)
	watched := otelhttp.NewHandler(
		answer, "GET /json", otelhttp.WithTracerProvider(provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
	)
	return watched, provider.Shutdown, nil
}

// described is who tells: the name by which the stores are asked.
func described() *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", serviceName))
}
