// A service in a chain: it asks the next one and passes its answer on; the last one answers by itself.
//
// Settings come by environment: HOST, PORT, BODY (the JSON that the last one answers), NEXT (HOST:PORT; empty for the last one).
// Where a request came through a sidecar, it says in X-Outbound-Port at which port that sidecar takes calls to others: the next
// service is then called there. A real mesh bends the call by itself; without its rules for the network, the service has to know.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"
)

const outbound = "X-Outbound-Port"

type service struct {
	body   []byte
	next   string
	client *http.Client
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Printf("hop, %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return
	}
	made := &service{body: []byte(os.Getenv("BODY")), next: os.Getenv("NEXT"), client: client()}
	server := http.Server{Addr: net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), Handler: made}
	log.Fatal(server.ListenAndServe())
}

// Connections are kept as those of the gateways are: at most 64 idle ones, for at most 60 s.
func client() *http.Client {
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 60 * time.Second, DisableCompression: true},
	}
}

func (s *service) ServeHTTP(to http.ResponseWriter, asked *http.Request) {
	if s.next == "" {
		to.Header().Set("Content-Type", "application/json")
		to.Header().Set("Content-Length", strconv.Itoa(len(s.body)))
		_, _ = to.Write(s.body)
		return
	}
	answer, err := s.ask(asked)
	if err != nil {
		http.Error(to, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	to.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	if answer.ContentLength >= 0 {
		to.Header().Set("Content-Length", strconv.FormatInt(answer.ContentLength, 10))
	}
	to.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(to, answer.Body)
}

func (s *service) ask(asked *http.Request) (*http.Response, error) {
	request, err := http.NewRequestWithContext(asked.Context(), http.MethodGet, "http://"+s.address(asked)+asked.URL.Path, nil)
	if err != nil {
		return nil, err
	}
	return s.client.Do(request)
}

// The sidecar that a request came from, at its port for calls to others; without a sidecar the next service itself.
func (s *service) address(asked *http.Request) string {
	port := asked.Header.Get(outbound)
	if port == "" {
		return s.next
	}
	sidecar, _, err := net.SplitHostPort(asked.RemoteAddr)
	if err != nil {
		return s.next
	}
	return net.JoinHostPort(sidecar, port)
}
