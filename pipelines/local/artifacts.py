"""Artifacts on their way between a step's folder and the store, packed and unpacked as argoexec does."""

from __future__ import annotations

import tarfile
from pathlib import Path

from pipelines.local import kubelet
from pipelines.local.spec import S3, Artifact
from steps.errors import LabError, MissingObject, StoreError
from steps.store import Store

_PACKED = ".packed"


class ArtifactError(LabError):
    """An artifact could not be brought or kept; the message is Argo's."""


def bring(artifact: Artifact, target: Path, store: Store, *, workflow: str) -> None:
    """Puts an input artifact where the step looks for it. Raises ArtifactError.

    Two things are as a pod has them, so that they show here first. An optional artifact whose object is missing leaves an
    empty folder. Raw data passes through a variable of the pod, where `$$` becomes `$`: the linter warns of it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if artifact.raw is not None:
        data = kubelet.expand(artifact.raw.data, {"ARGO_WORKFLOW_NAME": workflow})
        target.write_text(data, encoding="utf-8", newline="")
    elif artifact.s3 is not None:
        try:
            _fetch(artifact, artifact.s3.key, target, store)
        except MissingObject as error:
            if not artifact.optional:
                message = f"artifact {artifact.name} failed to load: The specified key does not exist."
                raise ArtifactError(message) from error
            target.mkdir(exist_ok=True)
            return
        except (StoreError, ArtifactError, tarfile.TarError, OSError) as error:
            message = f"artifact {artifact.name} failed to load: {error}"
            raise ArtifactError(message) from error
    elif not artifact.optional:
        message = f"required artifact '{artifact.name}' not supplied"
        raise ArtifactError(message)
    if artifact.mode is not None and target.exists():
        target.chmod(artifact.mode)


def keep(artifact: Artifact, source: Path, store: Store, *, default_key: str) -> Artifact | None:
    """Stores an output artifact, and returns it with its key; None: it is optional and was not written.

    Raises ArtifactError.
    """
    if not source.exists():
        if artifact.optional:
            return None
        message = f"open /var/run/argo/outputs/artifacts{artifact.path}.tgz: no such file or directory"
        raise ArtifactError(message)
    plain = artifact.archive is not None and artifact.archive.none is not None
    file_name = source.name if plain else f"{artifact.name}.tgz"
    key = artifact.s3.key if artifact.s3 else f"{default_key}/{file_name}"
    try:
        if plain:
            store.upload(source, key)
        else:
            packed = _pack(artifact, source)
            store.upload(packed, key)
            packed.unlink()
    except (StoreError, OSError) as error:
        message = f"failed to put file: {error}"
        raise ArtifactError(message) from error
    return artifact.model_copy(update={"s3": S3(key=key)})


def _fetch(artifact: Artifact, key: str, target: Path, store: Store) -> None:
    """Downloads, and unpacks what is a tar unless the artifact says that it is none."""
    fetched = target.with_name(target.name + _PACKED)
    store.download(key, fetched)
    plain = artifact.archive is not None and artifact.archive.none is not None
    if plain or fetched.is_dir() or not tarfile.is_tarfile(fetched):
        fetched.rename(target)
        return
    _unpack(fetched, target)
    fetched.unlink()


def _pack(artifact: Artifact, source: Path) -> Path:
    packed = source.with_name(source.name + _PACKED)
    tar = artifact.archive.tar if artifact.archive else None
    level = tar.compression_level if tar and tar.compression_level is not None else 6
    with tarfile.open(packed, "w:gz", compresslevel=level) as archive:
        archive.add(source, arcname=source.name)
    return packed


def _unpack(packed: Path, target: Path) -> None:
    """A single entry becomes the target itself, whatever its name was; several stay in a folder of that name."""
    folder = target.with_name(target.name + ".unpacked")
    with tarfile.open(packed) as archive:
        _extract(archive, folder)
    entries = list(folder.iterdir())
    if len(entries) == 1:
        entries[0].rename(target)
        folder.rmdir()
    else:
        folder.rename(target)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpacks files and folders below `folder`, and nothing anywhere else."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    # Debian 12 has Python 3.11.2, and the filter came with 3.11.4.
    for member in archive.getmembers():
        inside = (folder / member.name).resolve().is_relative_to(folder.resolve())
        if not inside or not (member.isfile() or member.isdir()):
            message = f"its archive holds {member.name}, which is not a file or folder below it"
            raise ArtifactError(message)
    archive.extractall(folder)  # noqa: S202  # each member was looked at
