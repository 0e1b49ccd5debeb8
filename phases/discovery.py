"""What discovery is told: which sources are read, what this lab can measure, how candidates are weighed, who was overruled.

One file holds every weight and every line of the score (`Weights`); its defaults are in `steps/discover/settings.py`, with what
each is for. What the lab covers is not here: it follows from the catalogue, where each component names its landscape category.
"""

from __future__ import annotations

from steps.discover.settings import Discovery, Source, Weights

# A documented API, or a file that is meant to be fetched, has terms in place of a robots.txt.
SOURCES = (
    Source(
        kind="landscape",
        urls=("https://raw.githubusercontent.com/cncf/landscape/master/landscape.yml",),
        robots=False,
    ),
    # Not the feed beside it: GitHub's robots.txt disallows /*.atom$. Twenty, pre-releases among them: forty such lists are 10 MB.
    Source(
        kind="releases",
        urls=("https://api.github.com/repos/@{repository}/releases?per_page=20",),
        robots=False,
        token="GITHUB_TOKEN",  # noqa: S106  # a variable's name
        without_token=25,  # these and those below: GitHub answers 60 requests an hour to who does not say who it is
    ),
    Source(
        kind="repositories",
        urls=("https://api.github.com/repos/@{repository}",),
        robots=False,
        token="GITHUB_TOKEN",  # noqa: S106  # a variable's name
        without_token=30,
    ),
    Source(
        kind="artifact-hub",
        urls=("https://artifacthub.io/api/v1/packages/search?kind=0&limit=60&ts_query_web=@{name}",),
        robots=False,
        cadences=("weekly", "monthly"),
        delay_s=2,  # its limits are not documented, and its 429 has no Retry-After
    ),
    Source(
        kind="hacker-news",
        urls=(
            (
                "https://hn.algolia.com/api/v1/search_by_date?tags=story&query=@{repository}"
                "&restrictSearchableAttributes=url&numericFilters=created_at_i%3E@{since}"
            ),
        ),
        robots=False,
    ),
    Source(
        kind="lfx",
        urls=("https://insights.linuxfoundation.org/api/project/@{project}/insights",),
        robots=False,
        cadences=("weekly", "monthly"),
    ),
    Source(kind="feeds", urls=("https://www.cncf.io/feed/", "https://kubernetes.io/feed.xml")),
    # HTML that breaks every year or two; of the day, because GitHub's robots.txt disallows /*since=*
    Source(kind="trending", urls=("https://github.com/trending",), enabled=False),
)

# Category of the landscape → how much of what matters there this lab can measure on a machine or in a cluster, under load. What
# is not here (installers, security scanners, registries, training, hosted services) is told in the diff and not scored.
SCOPE = {
    "Orchestration & Management / Service Proxy": 1.0,
    "Orchestration & Management / API Gateway": 1.0,
    "Orchestration & Management / Service Mesh": 1.0,
    "Orchestration & Management / Remote Procedure Call": 0.9,
    "Orchestration & Management / Coordination & Service Discovery": 0.8,
    "Orchestration & Management / Scheduling & Orchestration": 0.5,
    "App Definition and Development / Database": 1.0,
    "App Definition and Development / Streaming & Messaging": 1.0,
    "Runtime / Cloud Native Network": 0.7,
    "Runtime / Cloud Native Storage": 0.7,
    "Runtime / Container Runtime": 0.6,
    "Serverless / Installable Platform": 0.6,
    "Serverless / Framework": 0.4,
    "Observability and Analysis / Observability": 0.5,
    "Observability and Analysis / Feature Flagging": 0.4,
    "Wasm / Runtimes": 0.7,
    "AI Native Infra / Gateway": 1.0,
    "AI Agent / Vector Database": 0.9,
    "Inference / Runtime": 0.5,
    "Data / Data Architecture": 0.7,
}

DISCOVERY = Discovery(
    contact="",  # an address that somebody reads, or BENCHLAB_CONTACT
    sources=SOURCES,
    scope=SCOPE,
    weights=Weights(releases_a_year=10),  # of the twenty that are listed some are pre-releases
    overrides=(),  # Override(key="github.com/owner/name", verdict="hold", until=date(…), why="…")
    writer=None,  # Writer(url="https://models.example/v1/chat/completions", model="…"): who may write a summary
    aliases={},  # old repository → new one, where neither GitHub nor the landscape tells
)
