"""`Bundle`: a compiled student as one directory, the only artefact that is served.

    bundle/
      manifest.json     format, name, graphs, length buckets, confidence, SHA-256 of every other file, what made it
      tokenizer.json    the student's tokenizer
      tasks.json        the task definitions
      golden.json       questions with the answers that the student gave when it was compiled
      parity.json       what the parity gate found; parity.md and parity.png tell the same to people
      *.onnx            graphs; their weights lie in weights.bin, once each
      weights.bin

A bundle is opened by the names in its manifest only. It is refused when a file is missing, changed, unknown, a
link, or when the format is not this one. It is written to a temporary directory beside its place and renamed, so
there is a whole bundle or none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from student.errors import BundleError
from student.manifest import FORMAT, FileRecord, GoldenAnswer, Manifest
from student.task import Task
from student.validation import problems_of

T = TypeVar("T")

MANIFEST = "manifest.json"
TOKENIZER = "tokenizer.json"
TASKS = "tasks.json"
GOLDEN = "golden.json"
PARITY = "parity.json"
WEIGHTS = "weights.bin"
REBUILD = "`quickstep export` writes a whole one"


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        digest: `sha256:` and the digest of the manifest, which names the digests of all other files.
    """

    path: Path
    manifest: Manifest
    digest: str
    tasks: Mapping[str, Task]

    @property
    def name(self) -> str:
        """Name of the student."""
        return self.manifest.name

    @property
    def length_buckets(self) -> tuple[int, ...]:
        """Source lengths, ascending; see `Manifest`."""
        return self.manifest.length_buckets

    @property
    def label(self) -> str:
        """Name and short digest: which student gave an answer."""
        return f"{self.name}@{self.digest.removeprefix('sha256:')[:12]}"

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Open and verify a bundle.

        Raises:
            BundleError: anything is missing, changed, unknown or of another format; names the file.
        """
        if not path.is_dir():
            raise BundleError(f"bundle {path}: no such directory; {REBUILD}")
        try:
            content = _read(path, MANIFEST)
            manifest = _parse_manifest(path, content)
            _verify_listing(path, manifest)
            for name, record in manifest.files.items():
                _verify_file(path / name, record)
        except OSError as error:
            raise BundleError(
                f"bundle {error.filename or path}: cannot be read ({error.strerror}); {REBUILD}"
            ) from None
        tasks = _parse(path, TASKS, TypeAdapter(tuple[Task, ...]))
        _verify_tasks(path, manifest, tasks)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return cls(path, manifest, digest, {task.name: task for task in tasks})

    def golden(self) -> tuple[GoldenAnswer, ...]:
        """The golden answers."""
        return _parse(self.path, GOLDEN, TypeAdapter(tuple[GoldenAnswer, ...]))

    def parity(self) -> dict[str, Any]:
        """What the parity gate found."""
        return _parse(self.path, PARITY, TypeAdapter(dict[str, Any]))


@contextlib.contextmanager
def new_bundle(target: Path, *, force: bool = False) -> Iterator[Path]:
    """A temporary directory that becomes `target` when the block ends well, and disappears when it does not.

    Args:
        target: where the bundle shall be.
        force: replace a bundle that is there already.

    Raises:
        BundleError: `target` exists and `force` is not set, or is something else than a bundle.
    """
    if target.exists() or target.is_symlink():
        if not force:
            raise BundleError(f"bundle {target}: exists already; give --force to replace it, or another --output")
        if not (target / MANIFEST).is_file():
            raise BundleError(f"bundle {target}: is there and is no bundle; it will not be replaced")
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        _replace(folder, target, force=force)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_manifest(folder: Path, **fields: Any) -> Manifest:
    """Record every file in `folder` and write the manifest; the last step of writing a bundle."""
    records = {}
    for file in sorted(folder.iterdir()):
        records[file.name] = FileRecord(bytes=file.stat().st_size, sha256=_sha256(file))
        _sync(file)
    manifest = Manifest(files=records, **fields)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    _sync(folder / MANIFEST)
    return manifest


def _replace(folder: Path, target: Path, *, force: bool) -> None:
    """Move `folder` to `target`. A directory cannot be replaced in one step: the old one steps aside first.

    Between the two steps there is no bundle: who dies right there finds the old one beside it, as `.<name>.*.old`.
    """
    old = folder.with_name(f"{folder.name}.old")
    if target.exists():
        if not force:  # somebody else was faster
            raise BundleError(f"bundle {target}: exists meanwhile; give --force to replace it, or another --output")
        target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    _sync(target.parent)
    if old.is_symlink():
        old.unlink()  # what it points at is not ours to remove
    else:
        shutil.rmtree(old, ignore_errors=True)


def _parse_manifest(path: Path, content: bytes) -> Manifest:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"bundle {path / MANIFEST}: is not JSON ({error}); {REBUILD}") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise BundleError(f"bundle {path / MANIFEST}: has format {found!r}, this version reads {FORMAT}; export again")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        raise BundleError(f"bundle {path / MANIFEST}: {problems_of(error, most=3)}; {REBUILD}") from None


def _verify_listing(path: Path, manifest: Manifest) -> None:
    graphs = {
        name
        for group in (*manifest.label.values(), manifest.rationale)
        for name in group.model_dump().values()
        if name is not None
    }
    unlisted = sorted({TOKENIZER, TASKS, GOLDEN, PARITY, *graphs} - set(manifest.files))
    if unlisted:
        raise BundleError(f"bundle {path / MANIFEST}: lists no {', '.join(unlisted)}; {REBUILD}")
    present = {entry.name for entry in path.iterdir()} - {MANIFEST}
    missing = sorted(set(manifest.files) - present)
    if missing:
        raise BundleError(f"bundle {path}: {', '.join(missing)} missing; {REBUILD}")
    unknown = sorted(present - set(manifest.files))
    if unknown:
        raise BundleError(f"bundle {path}: {', '.join(unknown)} not in the manifest; remove it, or export again")


def _verify_tasks(path: Path, manifest: Manifest, tasks: Sequence[Task]) -> None:
    names = [task.name for task in tasks]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if not tasks or repeated:
        fault = f"task {', '.join(repeated)} given more than once" if repeated else "holds no task"
        raise BundleError(f"bundle {path / TASKS}: {fault}; {REBUILD}")
    strange = sorted({name for by_task in manifest.confidence.values() for name in by_task} - set(names))
    if strange:
        raise BundleError(f"bundle {path / MANIFEST}: confidence of no known task {', '.join(strange)}; {REBUILD}")
    longest = max(tasks, key=lambda task: task.limits.source_tokens)
    if longest.limits.source_tokens > manifest.max_source_tokens:
        raise BundleError(
            f"bundle {path / TASKS}: task {longest.name} takes {longest.limits.source_tokens} source tokens, "
            f"the graphs were made for {manifest.max_source_tokens}; {REBUILD}"
        )


def _verify_file(file: Path, record: FileRecord) -> None:
    status = _require_plain(file)
    if status.st_size != record.bytes:
        raise BundleError(f"bundle {file}: has {status.st_size} bytes, the manifest says {record.bytes}; {REBUILD}")
    if _sha256(file) != record.sha256:
        raise BundleError(f"bundle {file}: was changed after export (SHA-256 differs from the manifest); {REBUILD}")


def _read(path: Path, name: str) -> bytes:
    file = path / name
    try:
        _require_plain(file)
        return file.read_bytes()
    except OSError as error:
        raise BundleError(f"bundle {file}: cannot be read ({error.strerror}); {REBUILD}") from None


def _require_plain(file: Path) -> os.stat_result:
    """Refuse links and what is no file: reading a pipe would hang, a link leads out of the bundle."""
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise BundleError(f"bundle {file}: is a link or no plain file; a bundle holds plain files only")
    return status


def _parse(path: Path, name: str, adapter: TypeAdapter[T]) -> T:
    try:
        return adapter.validate_json(_read(path, name))
    except ValidationError as error:
        raise BundleError(f"bundle {path / name}: {problems_of(error, most=3)}; {REBUILD}") from None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(file: Path) -> None:
    """Make sure that a file, or a directory's entries, are on disk."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
