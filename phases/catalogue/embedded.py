"""SQLite, a class of its own: no server, but a library in the process that uses it.

So it never stands in one table with servers. It runs in a process of ours (images/programs/sqlite), to which a transaction is
handed over at once: one exchange over loopback, where a server's client needs one for each statement. Commits are as durable as
those of the databases that can be compared (phases/catalogue/databases.py), and asked for in the same way.
"""

from __future__ import annotations

from steps.model import Build, Component, Image, Parity, Port, Process, Program, Ready, Resources, Tool

# A script is started by what its first line names: the interpreter that was found, wherever it is.
NAMES_ITS_PYTHON = (
    "import pathlib, sys; script = pathlib.Path('host.py'); "
    "script.write_text('#!' + sys.executable + script.read_text().partition('python3')[2])"
)
HOST = Build(
    source="programs/sqlite",
    needs=(Tool(name="python3", get="install Python 3.9 or later with its module sqlite3"),),
    commands=(("@{python3}", "-c", NAMES_ITS_PYTHON),),
    keep=("host.py",),
)
WAITS = "waits for fsync of the write-ahead log (journal_mode WAL, synchronous FULL)"
ONE_WRITER = "one connection writes, a transaction after the other, and one reads meanwhile"
CACHE = "2 MB (cache_size), and the kernel's page cache"

SQLITE = Component(
    name="sqlite",
    title="SQLite",
    version="3.40 or later",
    ports=(Port(name="sql", number=5400),),
    process=Process(
        program=Program(built=HOST, file="host.py", version_argv=("@{program}", "--version")),
        argv=(
            *("@{program}", "--host", "@{host}", "--port", "@{port}"),
            *("--file", "@{folder}/bank.db", "--log-pages", "@{log_pages}"),
        ),
    ),
    image=Image(reference="benchlab.local/program-sqlite:content", program="/app/host.py"),
    resources=Resources(memory_mib=256),
    speaks="sqlite",
    ready=Ready(tcp=True),
    settings={"log_pages": "1000"},
    optional=True,
    parity=Parity(
        workers=ONE_WRITER,
        more={"a commit": WAITS, "buffers": CACHE, "the log is written back": "after 1,000 pages, 4 MB (wal_autocheckpoint)"},
    ),
)

SQLITE_LONG_LOG = SQLITE.model_copy(
    update={
        "name": "sqlite-long-log",
        "title": "Long log",
        "same_as": SQLITE.name,
        "settings": {"log_pages": "20000"},
        "parity": Parity(
            workers=ONE_WRITER,
            more={"a commit": WAITS, "buffers": CACHE, "the log is written back": "after 20,000 pages, 80 MB"},
        ),
    }
)

EMBEDDED = (SQLITE, SQLITE_LONG_LOG)
