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
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STAND_INS = ROOT / "tests" / "cluster" / "images"
RUNTIME = "runtime-"  # stand-ins called so are made from what was built here
MARK = "# image: "  # the first line of a stand-in's Dockerfile: which reference it stands for


@dataclass(frozen=True)
class Image:
    """One image: what it is called and what it is made from."""

    reference: str
    dockerfile: Path
    context: Path = ROOT

    def command(self, builder: str) -> list[str]:
        return [*shlex.split(builder), self.reference, str(self.context), "-f", str(self.dockerfile)]


def images(*, registry: str | None, stand_ins: bool) -> list[Image]:
    """The image of the steps; with `stand_ins`, also those that take the place of third-party images in tests."""
    from pipelines.image import reference

    name = f"{registry.rstrip('/')}/{reference()}" if registry else reference()
    found = [Image(name, ROOT / "images" / "steps" / "Dockerfile")]
    for dockerfile in sorted(STAND_INS.glob("*/Dockerfile")) if stand_ins else ():
        name = dockerfile.parent.name
        context = built(name.removeprefix(RUNTIME)) if name.startswith(RUNTIME) else dockerfile.parent
        if context:
            found.append(Image(marked(dockerfile), dockerfile, context))
    return found


def marked(dockerfile: Path) -> str:
    """The reference in its first line."""
    return dockerfile.read_text(encoding="utf-8").splitlines()[0].removeprefix(MARK).strip()


def built(name: str) -> Path | None:
    """The folder of a runtime that is built here; None: it cannot be, and why is said."""
    from phases.catalogue.runtimes import RUNTIMES
    from steps.errors import Unavailable
    from steps.places import building
    from steps.places.builds import Entry
    from steps.places.programs import builds_of

    (build,) = builds_of(next(each for each in RUNTIMES if each.name == name), {})
    try:
        building.make(build, os.environ)
    except Unavailable as error:
        print(f"images: no {name}: {error}", file=sys.stderr)
        return None
    return Entry.of(build, os.environ).folder


def runtimes() -> list[Image]:
    """The images of the runtimes, and of other applications of ours, from their sources."""
    return [Image(marked(each), each, each.parent) for each in sorted((ROOT / "images").glob("*/*/Dockerfile"))]


def builder() -> str:
    """How images are built here."""
    for program, command in (("docker", "docker build -t"), ("podman", "podman build -t"), ("buildah", "buildah bud -t")):
        if shutil.which(program):
            return command
    sys.exit("images: there is no docker, podman or buildah here; name your own builder in BENCHLAB_IMAGE_BUILDER")


def main() -> None:
    words = argparse.ArgumentParser(description="Builds the images of the lab.")
    words.add_argument("--registry", help="put it in front of the name, as in registry.example/team")
    words.add_argument("--push", action="store_true", help="push what was built")
    words.add_argument("--stand-ins", action="store_true", help="also the images that tests use instead of third-party ones")
    words.add_argument(
        "--runtimes", action="store_true", help="also those of the runtimes and of the shop that is watched, from their sources"
    )
    words.add_argument("--print", action="store_true", dest="only_print", help="only print the references")
    words.add_argument("--dry-run", action="store_true", help="only print the commands")
    given = words.parse_args()
    made = images(registry=given.registry, stand_ins=given.stand_ins) + (runtimes() if given.runtimes else [])
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
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
