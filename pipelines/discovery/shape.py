"""The DAG of a discovery. `pipelines.shapes` designs those that measure; this one measures nothing and has no cells.

    main    plan ─► landscape ─► sources: fetch(kind) for each other source, side by side
            ─► normalise ─► diff ─► score ─► report ─► notify

Where the settings name a language model, `write` stands between score and report.

The landscape comes first: it says what the others are asked about. A fetch that gets nothing succeeds and leaves word of it, so
one source never takes the run with it; a fetch whose pod dies is tried again, and `normalise` waits for its end, not its success.
Nothing is created that would have to be removed, so there is no exit handler.
"""

from __future__ import annotations

from pipelines.flows import ANY, File, Flow, Shape, Step, Task, after

DATE = "{{inputs.parameters.date}}"
RUN = "{{workflow.parameters.run}}"
WRITE_S = 900  # what a language model may take, and more
FETCH_S = 1800  # forty polite requests with their pauses take two minutes; a server that says "in a minute" takes more


def of(cadence: str, *, written: bool = False) -> Shape:
    """The shape of a discovery of one cadence. written: a language model is asked for a summary."""
    return Shape(entry="main", closing="", flows=(_main(written=written),), steps=_steps(cadence, written=written))


def _main(*, written: bool) -> Flow:
    day = {"date": "{{tasks.plan.outputs.parameters.day}}"}
    backbone = "landscape"
    return Flow(
        name="main",
        target="notify",
        tasks=(
            Task("plan", "discover-plan", raw={"settings": "{{workflow.parameters.settings}}"}),
            Task(backbone, "discover-fetch", depends="plan", values={**day, "source": backbone}),
            Task(
                "sources",
                "discover-fetch",
                depends=after(backbone, results=ANY),
                each="{{tasks.plan.outputs.parameters.sources}}",
                values={**day, "source": "{{item}}"},
            ),
            Task("normalise", "discover-normalise", depends=after("sources", results=(*ANY, "Skipped")), values=day),
            Task("diff", "discover-diff", depends="normalise", values=day),
            Task("score", "discover-score", depends="diff", values=day),
            *((Task("write", "discover-write", depends="score", values=day),) if written else ()),
            Task("report", "discover-report", depends="write" if written else "score", values=day),
            Task("notify", "discover-notify", depends="report", values=day),
        ),
    )


def _steps(cadence: str, *, written: bool) -> tuple[Step, ...]:
    settings = File("settings", f"discovery/{cadence}/settings/{RUN}.json")
    return (*_reading(cadence, settings), *_concluding(cadence, settings, written=written))


def _reading(cadence: str, settings: File) -> tuple[Step, ...]:
    """The steps that ask and keep."""
    plan = Step(
        "discover-plan",
        values={"date": "{{workflow.parameters.date}}", "cadence": cadence},
        reads=(File("settings"),),
        writes=(File("stored", settings.key),),
        gives=("day", "sources"),
        attempts=3,
    )
    fetch = Step(
        "discover-fetch",
        values={"date": DATE, "source": "{{inputs.parameters.source}}"},
        inputs=("date", "source"),
        reads=(settings,),
        gives=("result",),
        limit_s=FETCH_S,
        attempts=2,
    )
    normalise = Step(
        "discover-normalise", values={"date": DATE}, inputs=("date",), reads=(settings,), gives=("result",), attempts=3
    )
    return plan, fetch, normalise


def _concluding(cadence: str, settings: File, *, written: bool) -> tuple[Step, ...]:
    """The steps that work from what is kept."""
    here = f"discovery/{cadence}/{DATE}"
    changes, findings, issue = (
        File(name, f"{here}/{file}")
        for name, file in (("changes", "diff.json"), ("findings", "findings.json"), ("issue", "issue.md"))
    )
    pages = (
        File(name, f"{here}/{file}")
        for name, file in (("text", "digest.md"), ("html", "index.html"), ("technologies", "radar.json"))
    )
    used, summary = File("used", f"{here}/settings.json"), File("written", f"{here}/written.json")
    both = {"date": DATE, "cadence": cadence}
    day = ("date",)
    diff = Step("discover-diff", values=both, inputs=day, reads=(settings,), writes=(changes,), attempts=3)
    score = Step("discover-score", values=both, inputs=day, reads=(settings, changes), writes=(findings, used), attempts=3)
    report = Step(
        "discover-report",
        values={},
        inputs=day,
        reads=(findings, *((summary,) if written else ())),
        writes=(*pages, issue),
        gives=("summary",),
        shown=("summary",),
        attempts=3,
    )
    notify = Step(
        "discover-notify",
        values={"publish": "{{workflow.parameters.publish}}"},
        inputs=day,
        reads=(settings, findings, issue),
        gives=("result",),
    )
    write = Step(
        "discover-write", values={}, inputs=day, reads=(findings, settings), writes=(summary,), limit_s=WRITE_S, attempts=2
    )
    return diff, score, *((write,) if written else ()), report, notify
