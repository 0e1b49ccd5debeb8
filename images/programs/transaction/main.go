// The application of full-stack-benchmark: a transaction is a row of PostgreSQL by its key and, where there is a broker, one
// message about it, which the broker has acknowledged before the answer is given.
//
// Settings come by environment: HOST, PORT, DATABASE_URL, DATABASE_POOL; and with a broker BROKER_URL, TOPIC and STORAGE.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	productID = 48151623
	oneRow    = "SELECT id, sku, price_cents FROM product WHERE id = $1"
)

type row struct {
	ID         int64  `json:"id"`
	SKU        string `json:"sku"`
	PriceCents int    `json:"price_cents"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println(version())
		return
	}
	pool, err := newPool()
	if err != nil {
		log.Fatal(err)
	}
	outbox, err := newOutbox()
	if err != nil {
		log.Fatal(err)
	}
	address := net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT"))
	log.Fatal(http.ListenAndServe(address, (&server{pool, outbox}).routes()))
}

func version() string {
	said := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			switch module.Path {
			case "github.com/jackc/pgx/v5", "github.com/nats-io/nats.go":
				said += ", " + module.Path + " " + module.Version
			}
		}
	}
	return said
}

func newPool() (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	if _, err := fmt.Sscan(os.Getenv("DATABASE_POOL"), &config.MaxConns); err != nil {
		return nil, fmt.Errorf("DATABASE_POOL is not a number: %w", err)
	}
	return pgxpool.NewWithConfig(context.Background(), config)
}

type server struct {
	pool   *pgxpool.Pool
	outbox *outbox // nil: there is no broker
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("GET /database", s.transaction)
	return mux
}

func (s *server) transaction(w http.ResponseWriter, r *http.Request) {
	var found row
	err := s.pool.QueryRow(r.Context(), oneRow, productID).Scan(&found.ID, &found.SKU, &found.PriceCents)
	if err != nil {
		refuse(w, "the database did not answer", err)
		return
	}
	body, err := json.Marshal(found)
	if err != nil {
		refuse(w, "the row is no JSON", err)
		return
	}
	if s.outbox != nil {
		if err := s.outbox.publish(r.Context(), body); err != nil {
			refuse(w, "the broker did not acknowledge the message", err)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, what string, err error) {
	log.Printf("%s: %v", what, err)
	http.Error(w, what, http.StatusInternalServerError)
}
