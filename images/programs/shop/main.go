// A small shop that can be watched: it answers one product as JSON, and tells of each request as far as it is asked to.
//
// Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers); METRICS=on serves /metrics with SERIES counters
// of products beside the usual ones; LOGS and TRACES are host:port of a collector that takes OTLP over gRPC. Without them nothing
// of all this is in the path of a request.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const serviceName = "shop"

type product struct {
	ID          int64    `json:"id"`
	SKU         string   `json:"sku"`
	Name        string   `json:"name"`
	Currency    string   `json:"currency"`
	PriceCents  int      `json:"price_cents"`
	InStock     bool     `json:"in_stock"`
	Stock       stock    `json:"stock"`
	Tags        []string `json:"tags"`
	Rating      rating   `json:"rating"`
	Dimensions  []int    `json:"dimensions_mm"`
	Weight      int      `json:"weight_g"`
	Description string   `json:"description"`
	UpdatedAt   string   `json:"updated_at"`
	Links       []string `json:"links"`
}

type stock struct {
	Warehouse string `json:"warehouse"`
	Units     int    `json:"units"`
	Reserved  int    `json:"reserved"`
}

type rating struct {
	Average float64 `json:"average"`
	Count   int     `json:"count"`
}

// end hands over what is still held back, and stops.
type end func(context.Context) error

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println(version())
		return
	}
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

func serve() error {
	var goods product
	if err := json.Unmarshal([]byte(os.Getenv("PRODUCT")), &goods); err != nil {
		return fmt.Errorf("PRODUCT is not the JSON of a product: %w", err)
	}
	watched, ends, err := watchedShop(goods)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), Handler: watched}
	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-asked.Done()
		within, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		for _, finish := range ends {
			_ = finish(within)
		}
		_ = server.Shutdown(within)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// watchedShop is the shop with whatever looks at its requests, outermost last.
func watchedShop(goods product) (http.Handler, []end, error) {
	mux, ends := http.NewServeMux(), []end{}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	answer, err := bare(goods), error(nil)
	if collector := os.Getenv("TRACES"); collector != "" {
		var finish end
		if answer, finish, err = traced(answer, collector); err != nil {
			return nil, nil, err
		}
		ends = append(ends, finish)
	}
	if collector := os.Getenv("LOGS"); collector != "" {
		var finish end
		if answer, finish, err = logged(answer, collector); err != nil {
			return nil, nil, err
		}
		ends = append(ends, finish)
	}
	if os.Getenv("METRICS") == "on" {
		var shown http.Handler
		if answer, shown, err = counted(answer, goods.ID); err != nil {
			return nil, nil, err
		}
		mux.Handle("GET /metrics", shown)
	}
	mux.Handle("GET /json", answer)
	return mux, ends, nil
}

// bare answers the product, made anew each time.
func bare(goods product) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := made(r.Context(), goods)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

// recorder remembers what was answered: logs and metrics tell of it.
type recorder struct {
	http.ResponseWriter
	status, bytes int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(body []byte) (int, error) {
	sent, err := r.ResponseWriter.Write(body)
	r.bytes += sent
	return sent, err
}

// seen answers a request, and says what came of it.
func seen(answer http.Handler, w http.ResponseWriter, r *http.Request) (*recorder, time.Duration) {
	told, began := &recorder{ResponseWriter: w, status: http.StatusOK}, time.Now()
	answer.ServeHTTP(told, r)
	return told, time.Since(began)
}

func version() string {
	said := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			switch module.Path {
			case "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/sdk/log", "github.com/prometheus/client_golang":
				said += ", " + module.Path + " " + module.Version
			}
		}
	}
	return said
}
