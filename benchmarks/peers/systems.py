"""All systems by name. Their libraries are imported in their own processes only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks.peers.system import System, Work
from benchmarks.peers.worker import Build
from student.manifest import Precision


@dataclass(frozen=True)
class Peer:
    """A system that can be measured.

    Attributes:
        system: as in the results.
        precision: as in the results.
        build: makes it.
    """

    system: str
    precision: str
    build: Build

    @property
    def name(self) -> str:
        """What tells it from the others: the system, with its precision where there are several."""
        return f"{self.system} {self.precision}" if self.system in ("quickstep", "openvino") else self.system


def _quickstep(work: Work, threads: int, precision: Precision) -> System:
    from benchmarks.peers.quickstep import Quickstep

    return Quickstep(work, threads, precision)


def _hf_generate(work: Work, threads: int) -> System:
    from benchmarks.peers.huggingface import HfGenerate

    return HfGenerate(work, threads)


def _hf_compile(work: Work, threads: int) -> System:
    from benchmarks.peers.huggingface import HfCompile

    return HfCompile(work, threads)


def _hf_step(work: Work, threads: int) -> System:
    from benchmarks.peers.huggingface import HfStep

    return HfStep(work, threads)


def _openvino(work: Work, threads: int, precision: Precision) -> System:
    from benchmarks.peers.openvino_step import OpenVino

    return OpenVino(work, threads, precision)


def _optimum(work: Work, threads: int) -> System:
    from benchmarks.peers.optimum_ort import Optimum

    return Optimum(work, threads)


def _ctranslate2_generate(work: Work, threads: int) -> System:
    from benchmarks.peers.ctranslate import CtGenerate

    return CtGenerate(work, threads)


def _ctranslate2_step(work: Work, threads: int) -> System:
    from benchmarks.peers.ctranslate import CtStep

    return CtStep(work, threads)


def _ctranslate2_score(work: Work, threads: int) -> System:
    from benchmarks.peers.ctranslate import CtScore

    return CtScore(work, threads)


PEERS = {
    peer.name: peer
    for peer in (
        Peer("quickstep", "fp32", partial(_quickstep, precision="fp32")),
        Peer("quickstep", "int8", partial(_quickstep, precision="int8")),
        Peer("hf-generate", "fp32", _hf_generate),
        Peer("hf-compile", "fp32", _hf_compile),
        Peer("hf-step", "fp32", _hf_step),
        Peer("optimum", "fp32", _optimum),
        Peer("ctranslate2-generate", "int8", _ctranslate2_generate),
        Peer("ctranslate2-step", "int8", _ctranslate2_step),
        Peer("ctranslate2-score", "int8", _ctranslate2_score),
        Peer("openvino", "fp32", partial(_openvino, precision="fp32")),
        Peer("openvino", "int8", partial(_openvino, precision="int8")),
    )
}
