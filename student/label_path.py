"""`LabelPath`: scores answer spaces in one pass, no decoding loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from student.label_trie import LabelTrie, TrieBatch

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]


class LabelPath:
    """The label path's graphs in one precision.

    Rows whose trie is its root alone, as that of answers which differ in their first token is, go through the root
    graph; the others through the tree graph.

    Args:
        root: `input_ids`, `source_mask`, `edge_tokens` -> `edge_logits`.
        tree: the same with whole tries; None where no task of the student needs it.
    """

    def __init__(self, root: ort.InferenceSession, tree: ort.InferenceSession | None) -> None:
        self._root = root
        self._tree = tree

    def edge_logits(
        self, input_ids: IntArray, source_mask: npt.NDArray[np.int32], tries: Sequence[LabelTrie]
    ) -> list[FloatArray]:
        """The student's logit of every edge of every row's trie.

        Args:
            input_ids: [batch, source] int64.
            source_mask: [batch, source] int32, 1 for real tokens.
            tries: one a row.

        Returns:
            [edges] float32 of each row.
        """
        logits: dict[int, FloatArray] = {}
        for deep in (False, True):
            rows = [row for row, trie in enumerate(tries) if (trie.nodes > 1) == deep]
            if rows:
                part = self._run(input_ids[rows], source_mask[rows], [tries[row] for row in rows], deep=deep)
                logits.update(zip(rows, part, strict=True))
        return [logits[row] for row in range(len(tries))]

    def _run(
        self, input_ids: IntArray, source_mask: npt.NDArray[np.int32], tries: Sequence[LabelTrie], *, deep: bool
    ) -> list[FloatArray]:
        session, feeds = self.graph_run(input_ids, source_mask, tries, deep=deep)
        (logits,) = session.run(["edge_logits"], feeds)
        return [row[: trie.edges] for row, trie in zip(logits, tries, strict=True)]

    def graph_run(
        self,
        input_ids: IntArray,
        source_mask: npt.NDArray[np.int32],
        tries: Sequence[LabelTrie],
        *,
        deep: bool,
        nodes: int = 0,
        edges: int = 0,
    ) -> tuple[ort.InferenceSession, dict[str, npt.NDArray[np.generic]]]:
        """The graph that these rows go through, and its inputs: a run of it is what a batch costs at least.

        Args:
            input_ids: [batch, source] int64.
            source_mask: [batch, source] int32.
            tries: one a row; all deep, or none.
            deep: whether they have more nodes than their root.
            nodes: pad tries to at least so many.
            edges: pad tries to at least so many.
        """
        session = self._tree if deep else self._root
        if session is None:
            raise RuntimeError("a trie of more than one node, and the bundle has no graph for it")
        packed = TrieBatch.pack(tries, nodes=nodes, edges=edges)
        feeds = packed.feeds() if deep else {"edge_tokens": packed.edge_tokens}
        return session, {"input_ids": input_ids, "source_mask": source_mask, **feeds}
