"""The digest as Markdown, and the issue of a week. Pure; the same findings give the same text.

Everything that came from outside is data: signs of Markdown and HTML are escaped, a mention calls nobody, and only addresses of
http and https become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steps.discover import words
from steps.discover.records import Change, Findings, Score, Written

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~!])")
LISTED = 40  # changes of a kind; the page has them all
LONGEST_ISSUE = 65_000  # characters; GitHub takes 65,536


def lead(found: Findings) -> str:
    """The findings in a sentence."""
    return words.lead(found)


def title(found: Findings) -> str:
    """Of the issue: `Tech discovery 2026-W32`."""
    return f"Tech discovery {_week(found)}"


def marker(found: Findings) -> str:
    """By which the week's issue is found again."""
    return f"<!-- benchlab-discovery {_week(found)} -->"


def issue(found: Findings, written: Written | None = None) -> str:
    """The text of the week's issue; one that is longer than GitHub takes is cut at a line, and says so."""
    text = f"{marker(found)}\n{markdown(found, written)}"
    if len(text) <= LONGEST_ISSUE:
        return text
    return text[:LONGEST_ISSUE].rpartition("\n")[0] + "\n\nCut here: the report has the rest.\n"


def markdown(found: Findings, written: Written | None = None) -> str:
    """What changed, what is worth a look here and why, and what could not be read."""
    blocks = [f"## Tech discovery, {found.cadence}, {found.date}", words.lead(found)]
    blocks += list(_written(written))
    blocks += list(_candidates(found))
    blocks += list(_changes(found))
    blocks += list(_troubles(found))
    blocks += ["### To be looked at\n\n" + "\n".join(f"- {plain(note)}" for note in found.notes)] if found.notes else []
    blocks.append("Read: " + ", ".join(f"{name} of {day}" for name, day in found.sources) + ".")
    return "\n\n".join(blocks) + "\n"


def _written(written: Written | None) -> Iterator[str]:
    """The machine's summary as a quotation under its own name; what it says is in no figure of the report."""
    if written is None:
        return
    if written.text:
        yield f"> **{plain(words.by_machine(written))}**\n>\n> {plain(written.text)}"
    else:
        yield f"No summary by {plain(written.model)}: {plain(written.why)}."


def _candidates(found: Findings) -> Iterator[str]:
    yield "### What to compare next"
    rows = ["| candidate | score | verdict | why it matters here | evidence |", "|---|---|---|---|---|"]
    for score, verdict in words.best(found):
        name = link(score.name, score.repository)
        links = " ".join(link(str(number), address) for number, address in enumerate(words.evidence(score)[:4], 1))
        pending = f" ({verdict.pending}?)" if verdict.pending else ""
        known = f"{score.value:g} ({score.known:g} known)"
        rows.append(f"| {name} | {known} | {verdict.verdict}{pending} | {plain(words.why(score))} | {links} |")
    yield "\n".join(rows)
    if worth := [score.name for score, verdict in words.best(found) if verdict.verdict in {"adopt", "trial"}]:
        stub = "`python -m pipelines discover stub NAME` writes its first lines, as a patch that compiles"
        yield f"Worth an experiment: {', '.join(map(plain, worth))}. {stub}."
    if moved := words.moved(found):
        yield "Moved: " + "; ".join(f"{plain(each.name)}: {each.verdict} ({plain(each.why)})" for each in moved) + "."


def _changes(found: Findings) -> Iterator[str]:
    if found.diff.before is None:
        return
    yield f"### What changed, {found.diff.before} to {found.diff.after}"
    scores = {score.key: score for score in found.scores}
    for kind, word in words.KINDS:
        changes = found.diff.of(kind)
        if changes:
            more = [f"- and {len(changes) - LISTED} more"] if len(changes) > LISTED else []
            yield "\n".join(
                [f"**{word}** ({len(changes)})", "", *(_change(each, scores.get(each.key)) for each in changes[:LISTED]), *more]
            )
    if found.diff.suggestions:
        alike = "; ".join(f"{plain(each.removed)} and {plain(each.added)}" for each in found.diff.suggestions)
        yield f"Perhaps the same, which a person has to say: {alike}."


def _change(each: Change, score: Score | None) -> str:
    """A line; of one that came, how much it is worth a look here."""
    repository = f"https://{each.key}" if each.key.startswith(("github.com/", "gitlab.com/")) else None
    told = words.change(each)
    worth = f" ({score.value:g} of 100 here)" if score and each.kind == "added" else ""
    return f"- {link(each.name, repository)}, {plain(each.category)}" + (f": {plain(told)}" if told else "") + worth


def _troubles(found: Findings) -> Iterator[str]:
    if found.troubles:
        lines = [
            f"- {each.source}: {plain(each.why)}" + (f"; that of {each.latest} was used" if each.latest else "")
            for each in found.troubles
        ]
        yield "\n".join(["### Not read", "", *lines])


def plain(text: str) -> str:
    """Text from outside on one line of Markdown."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")


def link(text: str, address: str | None) -> str:
    """A link, where the address is one of the web."""
    if address is None or not re.fullmatch(r"https?://[^\s<>()\[\]\"'`|]+", address):
        return plain(text)
    return f"[{plain(text)}]({address})"


def _week(found: Findings) -> str:
    year, week, _ = found.date.isocalendar()
    return f"{year}-W{week:02}"
