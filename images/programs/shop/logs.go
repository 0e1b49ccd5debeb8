package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/log"
)

// line is what a request leaves in the log: one JSON object, as access logs of services have it.
type line struct {
	Time       string `json:"time"`
	Level      string `json:"level"`
	Message    string `json:"msg"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	Status     int    `json:"status"`
	Bytes      int    `json:"bytes"`
	DurationUs int64  `json:"duration_us"`
	Remote     string `json:"remote"`
	UserAgent  string `json:"user_agent"`
}

// logged writes a line for each request, and hands lines to the collector in batches, each second at the latest.
func logged(answer http.Handler, collector string) (http.Handler, end, error) {
	exporter, err := otlploggrpc.New(
		context.Background(), otlploggrpc.WithEndpoint(collector), otlploggrpc.WithInsecure(),
	)
	if err != nil {
		return nil, nil, err
	}
	batches := log.NewBatchProcessor(exporter, log.WithExportInterval(time.Second))
	provider := log.NewLoggerProvider(log.WithResource(described()), log.WithProcessor(batches))
	logger := provider.Logger("access")
	watched := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told, took := seen(answer, w, r)
		now := time.Now()
		text, err := json.Marshal(line{
			Time:       now.UTC().Format(time.RFC3339Nano),
			Level:      "info",
			Message:    "request",
			Method:     r.Method,
			Path:       r.URL.Path,
			Status:     told.status,
			Bytes:      told.bytes,
			DurationUs: took.Microseconds(),
			Remote:     r.RemoteAddr,
			UserAgent:  r.UserAgent(),
		})
		if err != nil {
			return // none of these can fail
		}
		var record otellog.Record
		record.SetTimestamp(now)
		record.SetSeverity(otellog.SeverityInfo)
		record.SetBody(attribute.StringValue(string(text)))
		logger.Emit(r.Context(), record)
	})
	return watched, provider.Shutdown, nil
}
