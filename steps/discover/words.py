"""Findings in words that the digest and the page share. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from steps.discover.records import Change, ChangeKind, Findings, Score, Verdict, Written

KINDS: tuple[tuple[ChangeKind, str], ...] = (
    ("matured", "Maturity changed"),
    ("archived", "Archived"),
    ("added", "New"),
    ("moved", "Moved to another category"),
    ("renamed", "Renamed"),
    ("relocated", "Repository moved"),
    ("removed", "Gone"),
    ("released", "Released"),
)
_SPOKEN: dict[ChangeKind, str] = {
    "matured": "changed maturity",
    "archived": "were archived",
    "added": "came",
    "moved": "moved",
    "renamed": "were renamed",
    "relocated": "moved their repository",
    "removed": "went",
    "released": "brought a release",
}
SHOWN = 10  # candidates of a digest


def lead(found: Findings) -> str:
    """The findings in a sentence."""
    worth = sum(verdict.verdict in {"adopt", "trial"} for verdict in found.verdicts)
    counted = [f"{len(found.diff.of(kind))} {word}" for kind, word in _SPOKEN.items() if found.diff.of(kind)]
    if found.diff.before is None:
        what = f"First snapshot of the landscape, {found.diff.after}: nothing to compare it with"
    else:
        what = f"{found.diff.before} to {found.diff.after}: {', '.join(counted) or 'nothing changed'}"
    missing = f"; incomplete: {', '.join(unique(trouble.source for trouble in found.troubles))}" if found.troubles else ""
    return f"{what}; {worth} of {len(found.scores)} candidates are worth an experiment{missing}."


def change(each: Change) -> str:
    """What became of an entry: `sandbox → incubating`."""
    if each.kind in {"added", "removed", "released", "archived"}:
        return each.after or ""
    return f"{each.before or 'none'} → {each.after or 'none'}"


def best(found: Findings, most: int = SHOWN) -> list[tuple[Score, Verdict]]:
    """The best candidates that the lab does not have, with where they stand."""
    verdicts = {verdict.key: verdict for verdict in found.verdicts}
    return [(score, verdicts[score.key]) for score in found.scores if score.covered_by is None][:most]


def moved(found: Findings) -> list[Verdict]:
    """The verdicts of this date."""
    return [verdict for verdict in found.verdicts if verdict.since == found.date and verdict.why != "new here"]


def why(score: Score) -> str:
    """The two parts that speak most for a candidate, and what speaks against it."""
    parts = sorted((part for part in score.parts if part.points), key=lambda part: -(part.points or 0))[:2]
    return "; ".join([*(part.why for part in parts), *(part.why for part in score.penalties)])


def points(score: Score) -> str:
    """`gap 30/30, maturity 18/20, cadence unknown …`."""
    return ", ".join(
        f"{part.name} {'unknown' if part.points is None else f'{part.points:g}/{part.most:g}'}" for part in score.parts
    ) + "".join(f", {part.name} {part.points:g}" for part in score.penalties)


def evidence(score: Score) -> list[str]:
    """Where one can see what the score is made of, each address once."""
    return unique(address for part in (*score.parts, *score.penalties) for address in part.evidence)


def unique(values: Iterable[str]) -> list[str]:
    """Each value once, in order."""
    return list(dict.fromkeys(values))


def by_machine(written: Written) -> str:
    """What stands above a summary that a language model wrote."""
    return f"Written by a language model ({written.model}) and checked by nobody; no score or verdict depends on it."


def sum_of(score: Score) -> str:
    """How the parts come to the score: `42 of 50 that are known are 84 of 100; young -10: 74`."""
    got = sum(part.points or 0.0 for part in score.parts)
    off = "".join(f"; {part.name} {part.points:+g}" for part in score.penalties)
    return f"{got:g} of {score.known:g} that are known are {100 * got / score.known:.1f} of 100{off}: {score.value:g}"


def explain(score: Score, verdict: Verdict | None) -> str:
    """Every point of a score with its reason and its evidence, as text."""
    lines = [f"{score.name}  {score.value:g} of 100, from {score.known:g} points of weight that are known", f"  {score.category}"]
    lines += [f"  {score.repository or 'no public repository'}"]
    if score.covered_by:
        lines.append(f"  the lab has it: {score.covered_by}")
    for part in (*score.parts, *score.penalties):
        told = "unknown" if part.points is None else f"{part.points:g} of {part.most:g}" if part.most else f"{part.points:+g}"
        lines.append(f"  {part.name:<14} {told:>12}  {part.why}")
        lines += [f"  {'':<28} {address}" for address in part.evidence]
    lines.append(f"  {'sum':<14} {score.value:>12g}  {sum_of(score)}")
    if verdict:
        by = " by a person" if verdict.by == "person" else ""
        pending = f"; {verdict.pending} since {verdict.pending_since}, if a second date says so" if verdict.pending else ""
        lines.append(f"  verdict        {verdict.verdict} since {verdict.since}{by}{pending}")
        if verdict.by == "person":
            lines.append(f"  {'':<14} {verdict.why}")
    return "\n".join(lines)
