"""Greedy decoding with a key-value cache, for free text and rationales."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from student.manifest import RationaleGraphs
from student.sessions import open_session

IntArray = npt.NDArray[np.int64]


class GreedyDecoder:
    """The rationale path: encoder, first decoder step, further steps.

    The encoder is our own. The decoder's graphs are Optimum's (`text2text-generation-with-past`): the first step writes
    `present.*`, later steps read `past_key_values.*`; the keys and values of the encoder output are made once and
    passed on unchanged.
    """

    def __init__(
        self,
        encoder: ort.InferenceSession,
        first: ort.InferenceSession,
        following: ort.InferenceSession,
        *,
        start_token: int,
        end_token: int,
    ) -> None:
        self._encoder = encoder
        self._first = first
        self._next = following
        self._start = start_token
        self._end = end_token
        self._first_outputs = [output.name for output in first.get_outputs()]
        self._next_outputs = [output.name for output in following.get_outputs()]
        # Optimum leaves out of a graph what the graph does not read.
        self._next_reads = {node.name for node in following.get_inputs()}
        self._first_reads = {node.name for node in first.get_inputs()}

    @classmethod
    def open(
        cls, folder: Path, graphs: RationaleGraphs, threads: int, *, start_token: int, end_token: int
    ) -> GreedyDecoder:
        """Open the rationale path's graphs.

        Args:
            folder: of the graphs.
            graphs: their files.
            threads: of one run.
            start_token: the token that the decoder starts with.
            end_token: id of `</s>`.

        Raises:
            BundleError: ONNX Runtime cannot load one.
        """
        return cls(
            open_session(folder / graphs.encoder, threads),
            # One step of many, with the weights of the others: not worth a second packed copy of them.
            open_session(folder / graphs.decoder_first, threads, packed=False),
            open_session(folder / graphs.decoder_next, threads),
            start_token=start_token,
            end_token=end_token,
        )

    def decode(self, input_ids: IntArray, source_mask: npt.NDArray[np.int32], limits: Sequence[int]) -> list[list[int]]:
        """Decode rows until `</s>` or each row's limit.

        Args:
            input_ids: [batch, source] int64.
            source_mask: [batch, source] int32, 1 for real tokens.
            limits: most new tokens, for each row.

        Returns:
            Token ids of each row, without the start token; `</s>` last where the row was finished.
        """
        batch = len(input_ids)
        (hidden,) = self._encoder.run_with_ort_values(
            ["hidden"], {"input_ids": _value(input_ids), "source_mask": _value(source_mask)}
        )
        mask = _value(source_mask.astype(np.int64))
        rows: list[list[int]] = [[] for _ in range(batch)]
        running = np.array([limit > 0 for limit in limits])
        tokens = np.full((batch, 1), self._start, dtype=np.int64)
        given = {"encoder_attention_mask": mask, "encoder_hidden_states": hidden}
        cache: dict[str, ort.OrtValue] = {}
        while running.any():
            # A row that has ended is still computed, with `</s>` as its input, until all have: its result is not read.
            feeds = {**given, "input_ids": _value(tokens)}
            if not cache:
                outputs = self._run(self._first, self._first_reads, self._first_outputs, feeds)
            else:
                outputs = self._run(self._next, self._next_reads, self._next_outputs, {**feeds, **cache})
            cache.update(
                {
                    name.replace("present.", "past_key_values."): value
                    for name, value in outputs.items()
                    if name.startswith("present.")
                }
            )
            best = outputs["logits"].numpy()[:, -1].argmax(axis=-1)
            for row in np.flatnonzero(running).tolist():
                token = int(best[row])
                rows[row].append(token)
                running[row] = token != self._end and len(rows[row]) < limits[row]
            tokens = np.where(running, best, self._end).astype(np.int64)[:, None]
        return rows

    @staticmethod
    def _run(
        session: ort.InferenceSession, reads: set[str], names: list[str], feeds: dict[str, ort.OrtValue]
    ) -> dict[str, ort.OrtValue]:
        values = session.run_with_ort_values(names, {name: feeds[name] for name in feeds if name in reads})
        return dict(zip(names, values, strict=True))


def _value(array: npt.NDArray[np.generic]) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
