"""Builds the images of the lab, named by their content: `make images`, or `python images/build.py --help`.

The builder is a command that takes REF FOLDER -f DOCKERFILE, such as `docker build -t`; BENCHLAB_IMAGE_BUILDER names another.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STAND_INS = ROOT / "tests" / "cluster" / "images"
MARK = "# image: "  # the first line of a Dockerfile: which reference it stands for, one of ours with `content` for a tag
BUILT = "# built: "  # in the second line of a stand-in: of which sources; what was built of them here is its context


@dataclass(frozen=True)
class Image:
    """One image: what it is called and what it is made from."""

    reference: str
    dockerfile: Path
    context: Path = ROOT

    def command(self, builder: str) -> list[str]:
        return [*shlex.split(builder), self.reference, str(self.context), "-f", str(self.dockerfile)]


def images(*, registry: str | None, stand_ins: bool, ready_made: bool) -> list[Image]:
    """The images of the steps and of the tracer; with `stand_ins`, also those that stand for third-party images in tests.

    ready_made: but for those whose program is built here first.
    """
    from pipelines.image import reference, trace_reference

    own = {"steps": reference(), "trace": trace_reference()}
    before = f"{registry.rstrip('/')}/" if registry else ""
    found = [Image(f"{before}{name}", ROOT / "images" / folder / "Dockerfile") for folder, name in own.items()]
    if not stand_ins:
        return found
    recipes = [each for each in sorted(STAND_INS.glob("*/Dockerfile")) if not (ready_made and source_of(each))]
    found += [each for dockerfile in recipes if (each := stand_in(dockerfile))]
    if ready_made:
        return found
    there = {each.reference for each in found}
    return found + [each for each in sources("programs") if each.reference not in there]


def source_of(dockerfile: Path) -> str | None:
    """The sources that its program is built of here first; None: it comes from elsewhere."""
    said = dockerfile.read_text(encoding="utf-8").splitlines()[1]
    return said.removeprefix(BUILT) if said.startswith(BUILT) else None


def stand_in(dockerfile: Path) -> Image | None:
    """The image of real programs that come from elsewhere than upstream's; None: it cannot be made, and why is said."""
    source = source_of(dockerfile)
    context = built(source) if source else dockerfile.parent
    return Image(marked(dockerfile), dockerfile, context) if context else None


def marked(dockerfile: Path) -> str:
    """The reference in its first line; one of ours with the content of its sources for a tag."""
    from pipelines.image import is_ours, of_folder

    said = dockerfile.read_text(encoding="utf-8").splitlines()[0].removeprefix(MARK).strip()
    return of_folder(said) if is_ours(said) else said


def built(source: str) -> Path | None:
    """The folder of what is built here of sources in images/; None: it cannot be, and why is said."""
    from pipelines.select import phases
    from steps.errors import PlaceError, Unavailable
    from steps.places import building
    from steps.places.builds import Entry
    from steps.places.programs import builds_of

    programs = (each for phase in phases() for experiment in phase.experiments for each in experiment.programs)
    build = next(found for each in programs for found in builds_of(each, {}) if found.source == source)
    if build.by_hand and building.due(build, os.environ):
        name = source.rpartition("/")[2]
        print(f"images: no {source}: it takes {build.by_hand}: python -m pipelines build {name}", file=sys.stderr)
        return None
    try:
        building.make(build, os.environ)
    except Unavailable as error:
        print(f"images: no {source}: {error}", file=sys.stderr)
        return None
    except PlaceError as error:
        sys.exit(f"images: {error}")
    return Entry.of(build, os.environ).folder


def sources(kind: str) -> list[Image]:
    """The images of our own sources: `runtimes`, or `programs`."""
    return [Image(marked(each), each, each.parent) for each in sorted((ROOT / "images" / kind).glob("*/Dockerfile"))]


def builder() -> str:
    """How images are built here."""
    for program, command in (("docker", "docker build -t"), ("podman", "podman build -t"), ("buildah", "buildah bud -t")):
        if shutil.which(program):
            return command
    sys.exit("images: there is no docker, podman or buildah here; name your own builder in BENCHLAB_IMAGE_BUILDER")


def run(command: Sequence[str]) -> None:
    """Ends with the builder's own status, and a sentence."""
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        sys.exit(f"images: {command[0]} cannot be started: {error.strerror}")
    if status:
        print(f"images: {shlex.join(command)} ended with status {status}; what it said is above", file=sys.stderr)
        sys.exit(status)


def main() -> None:
    words = argparse.ArgumentParser(description="Builds the images of the lab.")
    words.add_argument("--registry", help="put it in front of the name, as in registry.example/team")
    words.add_argument("--push", action="store_true", help="push what was built")
    words.add_argument("--stand-ins", action="store_true", help="also the images that tests use instead of third-party ones")
    words.add_argument("--ready-made", action="store_true", help="of these only those whose program need not be built first")
    words.add_argument(
        "--runtimes", action="store_true", help="also the images of our own sources, in images/runtimes and images/programs"
    )
    words.add_argument("--print", action="store_true", dest="only_print", help="only print the references")
    words.add_argument("--dry-run", action="store_true", help="only print the commands")
    given = words.parse_args()
    made = images(registry=given.registry, stand_ins=given.stand_ins, ready_made=given.ready_made)
    if given.runtimes:
        made += sources("runtimes") + [each for each in sources("programs") if each not in made]
    if given.only_print:
        print("\n".join(image.reference for image in made))
        return
    tool = os.environ.get("BENCHLAB_IMAGE_BUILDER") or builder()
    commands = [image.command(tool) for image in made]
    if given.push:
        commands += [[shlex.split(tool)[0], "push", image.reference] for image in made]
    for command in commands:
        print(shlex.join(command), flush=True)
        if not given.dry_run:
            run(command)


if __name__ == "__main__":
    main()
