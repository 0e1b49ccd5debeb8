package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// counted counts and times requests as Prometheus's own library does, and serves what it counted.
//
// SERIES products have a counter each, all of them from the start: so many series are there whatever is asked for.
func counted(answer http.Handler, first int64) (http.Handler, http.Handler, error) {
	series, err := strconv.Atoi(os.Getenv("SERIES"))
	if err != nil || series < 1 {
		return nil, nil, fmt.Errorf("SERIES is %q, which is no number of products", os.Getenv("SERIES"))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	requests := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests that were answered."},
		[]string{"method", "path", "status"},
	)
	duration := prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: "http_request_duration_seconds", Help: "How long an answer took.", Buckets: prometheus.DefBuckets},
		[]string{"method", "path"},
	)
	views := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "product_views_total", Help: "How often a product was looked at."}, []string{"product"},
	)
	registry.MustRegister(requests, duration, views)
	for number := range series {
		views.WithLabelValues(strconv.FormatInt(first+int64(number), 10))
	}
	product := strconv.FormatInt(first, 10)
	watched := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told, took := seen(answer, w, r)
		requests.WithLabelValues(r.Method, r.URL.Path, strconv.Itoa(told.status)).Inc()
		duration.WithLabelValues(r.Method, r.URL.Path).Observe(took.Seconds())
		views.WithLabelValues(product).Inc()
	})
	return watched, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}
