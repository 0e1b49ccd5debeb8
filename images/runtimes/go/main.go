// The API of the runtime benchmark in Go: net/http and pgx.
//
// Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL.
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
	below     = 2000
	oneRow    = "SELECT id, sku, price_cents FROM product WHERE id = $1"
)

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

type computed struct {
	Below  int `json:"below"`
	Primes int `json:"primes"`
}

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
	server, err := newServer()
	if err != nil {
		log.Fatal(err)
	}
	address := net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT"))
	log.Fatal(http.ListenAndServe(address, server.routes()))
}

func version() string {
	said := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "github.com/jackc/pgx/v5" {
				said += ", pgx " + module.Version
			}
		}
	}
	return said
}

type server struct {
	product product
	pool    *pgxpool.Pool // nil: no database is configured
}

func newServer() (*server, error) {
	made := &server{}
	if err := json.Unmarshal([]byte(os.Getenv("PRODUCT")), &made.product); err != nil {
		return nil, fmt.Errorf("PRODUCT is not the JSON of a product: %w", err)
	}
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		return made, nil
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	if _, err := fmt.Sscan(os.Getenv("DATABASE_POOL"), &config.MaxConns); err != nil {
		return nil, fmt.Errorf("DATABASE_POOL is not a number: %w", err)
	}
	made.pool, err = pgxpool.NewWithConfig(context.Background(), config)
	return made, err
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("GET /json", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.product) })
	mux.HandleFunc("POST /echo", echo)
	mux.HandleFunc("GET /compute", func(w http.ResponseWriter, _ *http.Request) { answer(w, computed{below, primes(below)}) })
	mux.HandleFunc("GET /database", s.database)
	return mux
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func (s *server) database(w http.ResponseWriter, r *http.Request) {
	if s.pool == nil {
		http.Error(w, "no database is configured", http.StatusServiceUnavailable)
		return
	}
	var found row
	err := s.pool.QueryRow(r.Context(), oneRow, productID).Scan(&found.ID, &found.SKU, &found.PriceCents)
	if err != nil {
		log.Print(err)
		http.Error(w, "the database did not answer", http.StatusInternalServerError)
		return
	}
	answer(w, found)
}

func answer(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// primes counts the primes below a limit by trial division: work that no library does for a runtime.
func primes(limit int) int {
	found := 0
	for n := 2; n < limit; n++ {
		prime := true
		for d := 2; d*d <= n; d++ {
			if n%d == 0 {
				prime = false
				break
			}
		}
		if prime {
			found++
		}
	}
	return found
}
