"""`quickstep export`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any, get_args

from student.arguments import positive
from student.confidence import ALL_TASKS
from student.manifest import Precision


def export(argv: list[str]) -> int:
    """Compile a checkpoint into a bundle."""
    parser = argparse.ArgumentParser(
        prog="quickstep export",
        description="Compile a trained student into a bundle. The parity gate compares it with its PyTorch original "
        "on real rows; a bundle that answers otherwise is not written.",
    )
    parser.add_argument(
        "checkpoint",
        type=Path,
        nargs="?",
        help="run directory or student directory (default: the student finished last under runs/)",
    )
    parser.add_argument("--output", type=Path, help="bundle directory (default: bundles/<name>)")
    parser.add_argument("--name", help="name of the student (default: name of the run directory)")
    parser.add_argument("--config", type=Path, help="export configuration, YAML; the flags below win over it")
    parser.add_argument(
        "--precisions",
        type=_precisions,
        metavar="LIST",
        help="of the label path, e.g. fp32,int8,fp16,bf16; fp32 is always among them, as the reference (default: fp32)",
    )
    parser.add_argument(
        "--max-rows",
        type=positive,
        help="rows, evenly over tasks, whose rationales the parity gate compares (default: 300)",
    )
    parser.add_argument(
        "--selective-accuracy",
        type=_by_task,
        action="append",
        default=[],
        metavar="[TASK=]SHARE",
        help="share of answered rows that shall be right, e.g. 0.98 or esnli=0.98: answers below the threshold that "
        "gives it are marked as abstained (default: none is)",
    )
    parser.add_argument(
        "--tensorrt",
        action="store_true",
        help="also build TensorRT engines of fp16 and bf16 for this machine's GPU, and judge them as the bundle is",
    )
    parser.add_argument("--force", action="store_true", help="replace a bundle that is there already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("export").setLevel(logging.INFO)

    # torch takes seconds to import: not for --help or wrong usage
    from export.compile import compile_bundle
    from export.config import load_export_config
    from export.engines import build_and_judge, require_tensorrt
    from training.checkpoint import STUDENT, latest_checkpoint, load_checkpoint
    from training.validation_rows import read_rows

    flags = {
        "precisions": arguments.precisions,
        "max_text_rows": arguments.max_rows,
        "selective_accuracy": dict(arguments.selective_accuracy) or None,
    }
    config = load_export_config(arguments.config, {key: value for key, value in flags.items() if value is not None})
    for_engines = require_tensorrt(config.precisions) if arguments.tensorrt else []
    checkpoint = load_checkpoint(arguments.checkpoint or latest_checkpoint(Path("runs")))
    run = checkpoint.path.parent if checkpoint.path.name == STUDENT else checkpoint.path
    name = arguments.name or run.resolve().name
    rows = read_rows(checkpoint.path)
    bundle = compile_bundle(
        checkpoint,
        arguments.output or Path("bundles") / name,
        rows,
        name=name,
        config=config,
        force=arguments.force,
        progress=not arguments.quiet,
    )
    sys.stdout.write(_told(bundle.parity()))
    sys.stdout.write(f"bundle: {bundle.path} ({bundle.label}); its parity.md tells more\n")
    for precision in for_engines:
        engines, found = build_and_judge(
            checkpoint,
            bundle,
            rows,
            precision,
            config.thresholds.every_precision,
            progress=not arguments.quiet,
        )
        sys.stdout.write(
            f"TensorRT {precision}: {found.label.equal}/{found.label.rows} labels the same, probabilities within "
            f"{found.max_probability_difference:.1e}; {next(iter(engines.values())).parent}\n"
        )
    return 0


def _told(parity: dict[str, Any]) -> str:
    """What the gate found, in a few lines."""
    exact, padding = parity["against_pytorch"], parity["length_buckets"]
    rationale = exact["rationale"]
    lines = [
        f"against PyTorch: {exact['rows']} rows, probabilities within {exact['max_probability_difference']:.1e}, "
        f"rationales {rationale['equal']}/{rationale['rows']} the same"
    ]
    for precision, found in parity["precisions"].items():
        if not found["label"]["rows"]:
            continue
        label, clear = found["label"], found["clear_label"]
        lines.append(
            f"{precision}: {label['equal']}/{label['rows']} labels the same ({clear['equal']} of the {clear['rows']} "
            f"clear ones), probabilities within {found['max_probability_difference']:.1e}, accuracy "
            f"{found['accuracy']:.1%} (PyTorch: {found['reference_accuracy']:.1%})"
            + (f"; computed by {found['computed_by']}" if "computed_by" in found else "")
        )
        for task, of_task in parity["calibration"][precision].items():
            confidence = of_task["confidence"]
            line = f"  {task}: temperature {confidence['temperature']:.2f}"
            if of_task["rows"]:
                error, raw = of_task["calibration_error"], of_task["raw_calibration_error"]
                line += f", calibration error {error:.3f} (without: {raw:.3f})"
            if of_task["rows"] and confidence["threshold"] is not None:
                right = of_task["selective_accuracy"]
                line += f"; answers {of_task['answered']:.1%}" + (f", {right:.1%} rightly" if right is not None else "")
            lines.append(line)
    lines.append(
        f"length buckets {' '.join(map(str, padding['lengths']))}: {padding['padding_share']:.1%} padding "
        f"({padding['longest_share']:.1%} if all were padded to the longest)"
    )
    return "\n".join(lines) + "\n"


def _by_task(text: str) -> tuple[str, float]:
    """`TASK=SHARE`, or `SHARE` for all tasks."""
    task, _, share = text.rpartition("=")
    try:
        return task or ALL_TASKS, float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a share, such as 0.98, or TASK=0.98") from None


def _precisions(text: str) -> tuple[Precision, ...]:
    known = get_args(Precision)
    given = [part.strip() for part in text.split(",")]
    for part in given:
        if part not in known:
            raise argparse.ArgumentTypeError(f"{part!r} is no precision; known: {', '.join(known)}")
    return tuple(precision for precision in known if precision in given or precision == "fp32")
