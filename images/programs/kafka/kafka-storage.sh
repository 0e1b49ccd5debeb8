#!/bin/sh
# Called as Apache Kafka's own script is.
exec java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" kafka.tools.StorageTool "$@"
