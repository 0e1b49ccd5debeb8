// VictoriaMetrics as its authors wrote it: this file pins it, go.sum every module under it.
module benchlab.dev/victoria-metrics

go 1.24

tool github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics
