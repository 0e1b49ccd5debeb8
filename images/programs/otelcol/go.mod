module benchlab.dev/otelcol

go 1.24
