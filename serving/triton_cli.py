"""`quickstep triton`: a bundle as a Triton model repository, and a Triton that serves it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

from serving.settings import DEMO_STUDENT
from student.arguments import whole
from student.bundle import Bundle
from student.manifest import Precision
from student.sessions import choose_precision

if TYPE_CHECKING:
    from serving.triton_server import TritonServer

REPOSITORY = Path("model_repository")
_READY_WITHIN_S = 300.0


def main(argv: list[str]) -> int:
    """Write the repository; with --run, serve it until SIGTERM or SIGINT."""
    from export.triton import Backend, RepositorySettings, write_repository

    parser = argparse.ArgumentParser(
        prog="quickstep triton",
        description="Write a bundle as entries of a Triton model repository. With --run, start a Triton that serves "
        "them on loopback; `quickstep serve --engine triton` is the gateway before it.",
    )
    parser.add_argument("bundle", type=Path, nargs="?", default=DEMO_STUDENT, help="default: the demo student")
    parser.add_argument("--repository", type=Path, default=REPOSITORY, metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--backend",
        choices=get_args(Backend),
        default="python",
        help="of the label path (default: %(default)s); onnxruntime and tensorrt are in NVIDIA's container only",
    )
    parser.add_argument(
        "--engines", type=Path, metavar="DIR", help="of backend tensorrt (default: BUNDLE.engines, beside the bundle)"
    )
    parser.add_argument(
        "--precision", choices=get_args(Precision), help="of the label path (default: the fastest that is run there)"
    )
    parser.add_argument(
        "--threads", type=whole(0, 1024), default=0, help="of one graph run; 0 (default) takes one for each core"
    )
    parser.add_argument("--instances", type=whole(1, 64), default=1, help="of each model (default: %(default)s)")
    parser.add_argument(
        "--gpu", action="store_true", help="run the label path on GPUs (backend onnxruntime; tensorrt always does)"
    )
    parser.add_argument(
        "--response-cache", action="store_true", help="answer repeated requests from Triton's cache: one tenant only"
    )
    parser.add_argument(
        "--run", action="store_true", help="start Triton (Linux on x86_64; fetches it once: 55 MB, 144 MB unpacked)"
    )
    parser.add_argument("--grpc-port", type=whole(1, 65535), default=8001, help="default: %(default)s")
    parser.add_argument("--metrics-port", type=whole(1, 65535), default=8002, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    if arguments.engines and arguments.backend != "tensorrt":
        parser.error("--engines: is for --backend tensorrt")
    if arguments.run and arguments.backend != "python":
        parser.error(f"--run: the Triton that it starts has the Python backend alone, not {arguments.backend}")
    if arguments.grpc_port == arguments.metrics_port:
        parser.error(f"--grpc-port and --metrics-port: are both {arguments.grpc_port}; take two")
    if arguments.run:
        from serving.triton_server import require_free

        # Before the repository is written: a Triton that runs may be serving from it.
        require_free({"--grpc-port": arguments.grpc_port, "--metrics-port": arguments.metrics_port})
    bundle = Bundle.open(arguments.bundle)
    on_gpu = arguments.gpu or arguments.backend == "tensorrt"
    precision = choose_precision(bundle, arguments.precision, "cuda" if on_gpu else "cpu")
    engines: dict[str, Path] = {}
    if arguments.backend == "tensorrt":
        from export.tensorrt import engines_folder, find_engines

        engines = find_engines(bundle, precision, arguments.engines or engines_folder(bundle))
    settings = RepositorySettings(
        precision=precision,
        backend=arguments.backend,
        threads=arguments.threads,
        instances=arguments.instances,
        gpu=arguments.gpu,
        response_cache=arguments.response_cache,
        engines=engines,
    )
    models = write_repository(bundle, arguments.repository, settings)
    sys.stdout.write(
        f"{arguments.repository}: {', '.join(model.name for model in models)} of {bundle.label} in {precision}\n"
    )
    if not arguments.run:
        return 0
    from serving.triton_server import TritonServer

    return _run(
        TritonServer(
            arguments.repository,
            arguments.grpc_port,
            arguments.metrics_port,
            response_cache=arguments.response_cache,
        )
    )


def _run(server: TritonServer) -> int:

    sys.stderr.write("starting Triton; without a GPU it warns of CUDA, which it does not need here\n")
    with _signals_interrupt():
        try:
            with server:
                server.wait_until_ready(_READY_WITHIN_S)
                sys.stdout.write(
                    f"ready: Triton at 127.0.0.1:{server.grpc_port} (gRPC), "
                    f"metrics at 127.0.0.1:{server.metrics_port}\n"
                )
                sys.stdout.flush()
                status = server.wait()
        except KeyboardInterrupt:
            return 0
    if status:
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        sys.stderr.write(f"quickstep triton: Triton ended by itself ({how}); start it again with the same command\n")
    return 1 if status else 0


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and a closed terminal end this as Ctrl-C does: Triton's processes and folders do not stay behind."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(number: int, frame: object) -> NoReturn:
        # Cleaning up takes some seconds, and is not to be interrupted by the impatient.
        for end in ends:
            signal.signal(end, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {end: signal.signal(end, interrupt) for end in ends}
    try:
        yield
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)
