"""ONNX Runtime sessions, and which precision runs on which device."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime as ort

from student.bundle import Bundle
from student.errors import BundleError
from student.manifest import Device, Precision

CUDA_PROVIDER = "CUDAExecutionProvider"

FASTEST_FIRST: dict[Device, tuple[Precision, ...]] = {"cpu": ("int8", "fp32"), "cuda": ("fp16", "bf16", "fp32")}
"""What each device runs, in the order in which a precision is chosen where none is asked for.

ONNX Runtime's CPU provider has no bfloat16 products and computes float16 in float32, between casts; its CUDA provider
has no kernel for the CPU's INT8.
"""


def choose_precision(bundle: Bundle, wanted: Precision | None, device: Device) -> Precision:
    """The precision that is asked for, or the fastest that the bundle has and the device runs.

    Raises:
        BundleError: the bundle has not this precision, or the device does not run it.
    """
    present, runnable = bundle.manifest.label, FASTEST_FIRST[device]
    usable = [precision for precision in runnable if precision in present]
    if wanted is None and usable:
        return usable[0]
    if wanted in usable:
        return wanted
    if wanted is None or wanted not in runnable:
        raise BundleError(
            f"bundle {bundle.path}: {wanted or 'none of its label paths'} does not run on {device}, which runs "
            f"{', '.join(runnable)}; the bundle has {', '.join(present)}: take another precision or device"
        )
    raise BundleError(
        f"bundle {bundle.path}: has no {wanted} label path, only {', '.join(present)}; "
        f"`quickstep export --precisions {','.join([*present, wanted])}` makes one"
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def open_session(file: Path, threads: int, *, packed: bool = True) -> ort.InferenceSession:
    """An ONNX graph, ready to run on the CPU.

    Args:
        file: the graph; its weights lie beside it.
        threads: of one run.
        packed: copy weights into the layout that products of several rows read fastest. Without, they stay in the
            file's pages, which all sessions share.

    Raises:
        BundleError: ONNX Runtime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Sessions have a pool of threads each. One that goes on spinning after its run takes the core that the next needs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if not packed:
        options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exception classes share no base but Exception
        raise BundleError(f"bundle {file}: ONNX Runtime cannot load it: {error}; export again") from error


def open_cuda_session(file: Path) -> ort.InferenceSession:
    """An ONNX graph on the first GPU, which captures its runs.

    Args:
        file: the graph; its weights lie beside it.

    Raises:
        BundleError: this ONNX Runtime has no CUDA, CUDA does not start, or the graph cannot be loaded.
    """
    present = ort.get_available_providers()
    if CUDA_PROVIDER not in present:
        raise BundleError(
            f"device cuda: this onnxruntime has no {CUDA_PROVIDER}, only {', '.join(present)}; "
            "pip uninstall onnxruntime, then pip install 'quickstep[gpu]', or take --device cpu"
        )
    # Float32 is float32 here: without this its products would be rounded to TF32's 11 bits.
    cuda = (CUDA_PROVIDER, {"device_id": "0", "enable_cuda_graph": "1", "use_tf32": "0"})
    options = ort.SessionOptions()
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(file), options, providers=[cuda])
    except Exception as error:  # onnxruntime's exception classes share no base but Exception
        raise BundleError(f"bundle {file}: ONNX Runtime cannot load it on cuda: {error}; export again") from error
    # A driver or CUDA library that is missing makes ONNX Runtime fall back to the CPU, with a line in its log.
    if session.get_providers()[0] != CUDA_PROVIDER:
        raise BundleError(
            "device cuda: ONNX Runtime found no usable GPU, CUDA or cuDNN and would run on the CPU; "
            "see that nvidia-smi lists a GPU and that CUDA is the version onnxruntime-gpu was built for"
        )
    return session
