"""A discovery in small: its steps as a run executes them, with sources on a local site and a store of its own."""

import datetime as dt

from steps.discover.records import Findings
from steps.discover.settings import Discovery, Source
from steps.discover.snapshots import Snapshots, received
from steps.discover.verbs import diff, fetch, normalise, report, score

TODAY = dt.date(2026, 8, 7)
BEFORE = dt.date(2026, 7, 2)


def landscape(*names, category="Gateway"):
    items = "".join(
        f"""
          - item:
            name: "{name}"
            homepage_url: https://{slug}.example
            repo_url: https://github.com/a/{slug}
            project: sandbox
            extra: {{lfx_slug: {slug}}}"""
        for name, slug in names
    )
    return f"landscape:\n  - name: A\n    subcategories:\n      - name: {category}\n        items:{items}\n".encode()


NOW = landscape(("Thing", "thing"), ("New <b>one</b>", "new"))
OLD = landscape(("Thing", "thing"), ("Gone", "gone"))


class Lab:
    """The steps of one discovery, with their files in a folder."""

    def __init__(self, site, store, folder, kinds):
        self.site, self.store, self.folder = site, store, folder
        paths = {"landscape": "landscape.yml", "feeds": "feeds", "trending": "trending", "lfx": "lfx/@{project}"}
        self.environment = {}
        sources = tuple(
            Source(kind=kind, urls=(f"{site.url}/{paths.get(kind, f'{kind}/@{{repository}}')}",), delay_s=0, robots=False)
            for kind in kinds
        )
        self.settings = Discovery(contact="c", sources=sources, scope={"A / Gateway": 1.0}, allow=(site.place,))

    def file(self, name):
        return self.folder / name

    def fetch(self, *kinds, date=TODAY, today=TODAY):
        self.file("settings").write_text(self.settings.to_json())
        for kind in kinds:
            fetch.run(
                source=kind,
                date=str(date),
                settings=self.file("settings"),
                result=self.file("result"),
                store=self.store,
                today=today,
                environment=self.environment,
            )
        return self.file("result").read_text()

    def change(self, **settings):
        self.settings = self.settings.model_copy(update=settings)

    def conclude(self, date=TODAY, *, keep=False):
        """The steps after the fetching; keep: as a run does, which stores what it found."""
        common = {"date": str(date), "settings": self.file("settings"), "store": self.store}
        normalise.run(**common, result=self.file("result"))
        diff.run(**common, cadence="weekly", changes=self.file("changes"))
        files = {name: self.file(name) for name in ("changes", "findings", "used")}
        score.run(**common, cadence="weekly", **files)
        names = ("text", "html", "technologies", "issue", "summary")
        report.run(findings=self.file("findings"), **{name: self.file(name) for name in names})
        if keep:
            self.store.upload(self.file("findings"), f"discovery/weekly/{date}/findings.json")
        return Findings.from_json(self.file("findings").read_bytes(), source="findings")

    def keep(self, date, body=OLD):
        kept = Snapshots(self.store, "landscape")
        kept.keep(date, [received("https://old.example", body, status=200)], at=dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
