package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// As long as the load waits for an answer: nobody is there to be told of it later.
const acknowledgedWithin = 5 * time.Second

// outbox is a stream of NATS JetStream, and a connection that all requests share, as nats.go is meant to be used.
type outbox struct {
	stream jetstream.JetStream
	topic  string
}

// newOutbox makes the stream; nil: no broker is configured.
func newOutbox() (*outbox, error) {
	url := os.Getenv("BROKER_URL")
	if url == "" {
		return nil, nil
	}
	storage, err := storageOf(os.Getenv("STORAGE"))
	if err != nil {
		return nil, err
	}
	// While there is no connection a message is refused at once: one that is kept for later would be acknowledged to nobody.
	connection, err := nats.Connect(url, nats.Name("transactions"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1))
	if err != nil {
		return nil, fmt.Errorf("BROKER_URL: %w", err)
	}
	stream, err := jetstream.New(connection)
	if err != nil {
		return nil, err
	}
	made := &outbox{stream, os.Getenv("TOPIC")}
	config := jetstream.StreamConfig{Name: made.topic, Subjects: []string{made.topic}, Storage: storage}
	within, cancel := context.WithTimeout(context.Background(), acknowledgedWithin)
	defer cancel()
	if _, err := stream.CreateOrUpdateStream(within, config); err != nil {
		return nil, fmt.Errorf("TOPIC: %w", err)
	}
	return made, nil
}

func storageOf(said string) (jetstream.StorageType, error) {
	switch said {
	case "file":
		return jetstream.FileStorage, nil
	case "memory":
		return jetstream.MemoryStorage, nil
	}
	return 0, fmt.Errorf("STORAGE is %q, and not file or memory", said)
}

// publish returns when the broker has acknowledged the message. It is sent once: a second try would be a second message.
func (o *outbox) publish(ctx context.Context, body []byte) error {
	within, cancel := context.WithTimeout(ctx, acknowledgedWithin)
	defer cancel()
	_, err := o.stream.Publish(within, o.topic, body, jetstream.WithRetryAttempts(0))
	return err
}
