from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from student.bundle import MANIFEST, Bundle, new_bundle, write_manifest
from student.errors import BundleError

TASK = {
    "name": "t",
    "template": "{text}",
    "answer": {"kind": "closed", "labels": ["yes", "no"]},
    "limits": {"source_tokens": 32},
}
LABEL = {"root": "l.onnx", "tree": "t.onnx"}
RATIONALE = {"encoder": "e.onnx", "decoder_first": "f.onnx", "decoder_next": "n.onnx"}
GOLDEN = {
    "task": "t",
    "inputs": {"text": "x"},
    "answer": "yes",
    "probabilities": {"fp32": [0.9, 0.1]},
    "rationale": "Because.",
}
FIELDS: dict[str, Any] = {
    "name": "test",
    "label": {"fp32": LABEL},
    "rationale": RATIONALE,
    "start_token": 0,
    "end_token": 1,
    "pad_token": 0,
    "max_source_tokens": 32,
    "length_buckets": (16, 32),
    "confidence": {"fp32": {"t": {"temperature": 1.5, "threshold": 0.6}}},
    "made_by": {},
}
"""Nothing here runs a graph: `Bundle` reads manifests, digests, tasks and golden answers."""


def _fill(folder: Path) -> None:
    for name in (LABEL | RATIONALE).values():
        (folder / name).write_bytes(name.encode())
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tasks.json").write_text(json.dumps([TASK]))
    (folder / "golden.json").write_text(json.dumps([GOLDEN]))
    (folder / "parity.json").write_text(json.dumps({"thresholds": {}}))
    write_manifest(folder, **FIELDS)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    _fill(folder)
    return folder


def test_whole_bundle_is_opened(bundle: Path) -> None:
    opened = Bundle.open(bundle)

    assert opened.name == "test"
    assert re.fullmatch("sha256:[0-9a-f]{64}", opened.digest)
    assert opened.label == f"test@{opened.digest[7:19]}"
    assert list(opened.tasks) == ["t"]
    assert opened.length_buckets == (16, 32)
    assert opened.manifest.confidence["fp32"]["t"].abstains(0.59)
    assert opened.parity() == {"thresholds": {}}
    (golden,) = opened.golden()
    assert (golden.answer, golden.probabilities, golden.choices) == ("yes", {"fp32": (0.9, 0.1)}, ())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"length_buckets": (32, 16)}, "must ascend and end in 32"),
        ({"length_buckets": (16,)}, "must ascend and end in 32"),
        ({"confidence": {"fp32": {"t": {"temperature": 0}}}}, "confidence.fp32.t.temperature"),
        ({"confidence": {"fp32": {"other": {"temperature": 1}}}}, "confidence of no known task other"),
    ],
)
def test_manifest_that_makes_no_sense_is_refused(bundle: Path, fields: dict[str, Any], message: str) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps(manifest | fields))
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle)


def test_digest_follows_the_content(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(bundle, other)
    assert Bundle.open(other).digest == Bundle.open(bundle).digest

    (other / MANIFEST).unlink()
    (other / "l.onnx").write_bytes(b"L.onnx")
    write_manifest(other, **FIELDS)
    assert Bundle.open(other).digest != Bundle.open(bundle).digest


def _edit_manifest(**changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(content | changes))

    return edit


def _unlist(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        del content["files"][name]
        (folder / MANIFEST).write_text(json.dumps(content))
        (folder / name).unlink()

    return edit


def _link(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        outside = folder.parent / "outside"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return edit


def _rewritten(name: str, content: bytes) -> Callable[[Path], None]:
    """A file of other content, honestly recorded."""

    def edit(folder: Path) -> None:
        (folder / name).write_bytes(content)
        (folder / MANIFEST).unlink()
        write_manifest(folder, **FIELDS)

    return edit


def _hard_link(folder: Path) -> None:
    (folder.parent / "outside").hardlink_to(folder / "l.onnx")


def _pipe(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)


def _unreadable(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).mkdir()


def _replace_by_folder(folder: Path) -> None:
    (folder / "l.onnx").unlink()
    (folder / "l.onnx").mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), r"bundle: no such directory; `quickstep export`"),
        (lambda folder: (folder / MANIFEST).unlink(), r"manifest\.json: cannot be read \(No such file"),
        (lambda folder: (folder / "l.onnx").unlink(), r"l\.onnx missing"),
        (lambda folder: (folder / "l.onnx").write_bytes(b"l.onnX"), r"l\.onnx: was changed after export"),
        (lambda folder: (folder / "l.onnx").write_bytes(b"l.onn"), r"l\.onnx: has 5 bytes, the manifest says 6"),
        (lambda folder: (folder / "l.onnx").write_bytes(b""), r"l\.onnx: has 0 bytes"),
        (lambda folder: (folder / "more").write_bytes(b""), r"more not in the manifest"),
        (lambda folder: (folder / ".hidden").write_bytes(b""), r"\.hidden not in the manifest"),
        (lambda folder: (folder / "sub").mkdir(), r"sub not in the manifest"),
        (_link("l.onnx"), r"l\.onnx: is a link or no plain file"),
        (_link("tasks.json"), r"tasks\.json: is a link or no plain file"),
        (_link(MANIFEST), r"manifest\.json: is a link"),
        (_hard_link, r"l\.onnx: is a link or no plain file"),
        (_pipe, r"manifest\.json: is a link or no plain file"),
        (_unreadable, r"manifest\.json: is a link or no plain file"),
        (_replace_by_folder, r"l\.onnx: is a link or no plain file"),
        (_edit_manifest(format=1), r"has format 1, this version reads 2; export again"),
        (_edit_manifest(format="1"), r"has format '1'"),
        (_edit_manifest(format=None), r"has format None"),
        (_edit_manifest(colour="red"), r"manifest\.json: colour: is no known key"),
        (_edit_manifest(name="../x"), r"manifest\.json: name: "),
        (_edit_manifest(label={}), r"manifest\.json: label: at least 1 needed, 0 given"),
        (_edit_manifest(label={"int3": LABEL}), r"manifest\.json: label\.int3"),
        (_edit_manifest(label={"fp32": LABEL | {"root": "gone.onnx"}}), r"lists no gone\.onnx"),
        (_edit_manifest(label={"fp32": LABEL | {"tree": "gone.onnx"}}), r"lists no gone\.onnx"),
        (_edit_manifest(rationale=RATIONALE | {"encoder": "../l.onnx"}), r"lists no \.\./l\.onnx"),
        (_edit_manifest(files={"../x": {"bytes": 0, "sha256": "0" * 64}}), r"manifest\.json: files\.\.\./x"),
        (_unlist("golden.json"), r"lists no golden\.json"),
        (lambda folder: (folder / MANIFEST).write_text("{"), r"manifest\.json: is not JSON"),
        (lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe"), r"manifest\.json: is not JSON"),
        (lambda folder: (folder / MANIFEST).write_text("[" * 100_000), r"manifest\.json: is not JSON"),
        (lambda folder: (folder / MANIFEST).write_text("[1]"), r"has format None"),
        (_rewritten("tasks.json", b"[{}]"), r"tasks\.json: 0\.name: is missing"),
        (_rewritten("tasks.json", b"[]"), r"tasks\.json: holds no task"),
        (_rewritten("tasks.json", json.dumps([TASK, TASK]).encode()), r"tasks\.json: task t given more than once"),
        (
            _rewritten("tasks.json", json.dumps([TASK | {"limits": {"source_tokens": 64}}]).encode()),
            r"task t takes 64 source tokens, the graphs were made for 32",
        ),
        (_rewritten("tasks.json", b"no"), r"tasks\.json: is not JSON"),
    ],
)
def test_damaged_bundle_is_refused_by_name(bundle: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(bundle)
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle)


def test_broken_golden_answers_are_refused_when_read(bundle: Path) -> None:
    _rewritten("golden.json", json.dumps([GOLDEN | {"answer": 5}]).encode())(bundle)
    opened = Bundle.open(bundle)
    with pytest.raises(BundleError, match=r"golden\.json: 0\.answer"):
        opened.golden()


def test_new_bundle_appears_whole_in_a_folder_made_for_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "bundle"
    with new_bundle(target) as folder:
        _fill(folder)
        assert not target.exists()
    assert Bundle.open(target).name == "test"
    assert _names(target.parent) == ["bundle"]
    assert target.stat().st_mode & 0o777 == 0o755


def test_nothing_is_left_behind_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="broken"), new_bundle(tmp_path / "bundle") as folder:
        _fill(folder)
        raise RuntimeError("broken")
    assert _names(tmp_path) == []


def test_old_bundle_stays_when_the_block_raises(bundle: Path) -> None:
    digest = Bundle.open(bundle).digest
    with pytest.raises(RuntimeError, match="broken"), new_bundle(bundle, force=True) as folder:
        (folder / "half").write_text("half")
        raise RuntimeError("broken")
    assert Bundle.open(bundle).digest == digest
    assert _names(bundle.parent) == ["bundle"]


def test_existing_bundle_is_refused_without_force(bundle: Path) -> None:
    with pytest.raises(BundleError, match="exists already; give --force"), new_bundle(bundle):
        pytest.fail("the block must not run")
    assert Bundle.open(bundle)


def test_bundle_that_appeared_meanwhile_is_not_replaced_without_force(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with pytest.raises(BundleError, match="exists meanwhile; give --force"), new_bundle(target) as folder:
        _fill(folder)
        target.mkdir()
        _fill(target)
        before = Bundle.open(target).digest
    assert Bundle.open(target).digest == before
    assert _names(tmp_path) == ["bundle"]


def test_existing_bundle_is_replaced_with_force(bundle: Path) -> None:
    before = Bundle.open(bundle)
    with new_bundle(bundle, force=True) as folder:
        _fill(folder)
        (folder / MANIFEST).unlink()
        write_manifest(folder, **FIELDS | {"name": "second"})
        assert Bundle.open(bundle).digest == before.digest
    assert Bundle.open(bundle).name == "second"
    assert _names(bundle.parent) == ["bundle"]


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_no_bundle_is_not_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "precious"
    if kind == "folder":
        target.mkdir()
        (target / "thesis.txt").write_text("years of work")
    elif kind == "file":
        target.write_text("years of work")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="is no bundle; it will not be replaced"), new_bundle(target, force=True):
        pytest.fail("the block must not run")
    assert target.is_symlink() or target.exists()


def test_link_to_a_bundle_is_replaced_and_its_target_kept(bundle: Path) -> None:
    link = bundle.with_name("link")
    link.symlink_to(bundle)
    with new_bundle(link, force=True) as folder:
        _fill(folder)
    assert not link.is_symlink()
    assert Bundle.open(link).digest == Bundle.open(bundle).digest
    assert _names(bundle.parent) == ["bundle", "link"]


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
