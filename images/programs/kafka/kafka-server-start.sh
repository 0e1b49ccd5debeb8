#!/bin/sh
# Called as Apache Kafka's own script is, with its own settings of the JVM, so that one entry serves a process here and its image.
exec java ${KAFKA_HEAP_OPTS:--Xms1g -Xmx1g} -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
  -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true \
  -cp "$(dirname "$0")/lib/*" kafka.Kafka "$@"
