"""`LabelTrie`: answers as one packed trie of token nodes, scored in a single decoder pass.

All answers of a question, tokenised and ended by `</s>`, form a trie. At each node the student chooses among
the node's children; an answer's probability is the product of those choices along its path:

    P(answer) = prod over nodes n on the path of  softmax(logits at n, children of n only)[next token]

Nodes with a single child decide nothing (their factor is 1), so neither they nor anything below them that does not
branch is computed: answers that differ in their first token need one decoder position, the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from student.errors import QuickstepError

MAX_NODES = 256
"""Most decoder positions that one question may need; bounds the work of a request."""

MAX_DEPTH = 128
"""Longest path in tokens; the graph holds a relative-position bias for each distance up to it."""

MASKED_DISTANCE = MAX_DEPTH
"""Stands for the distance to a node that is no ancestor. Nodes lie less deep than the deepest answer is long."""

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class TrieError(QuickstepError):
    """No trie can be built.

    Attributes:
        template: what is wrong, with `{}` where an answer's number stands.
        positions: the indices of the answers at fault.
    """

    def __init__(self, template: str, positions: Sequence[int]) -> None:
        self.template = template
        self.positions = tuple(positions)
        super().__init__(template.format(*(position + 1 for position in positions)))


@dataclass(frozen=True)
class LabelTrie:
    """The branching part of the trie of some answers, packed into arrays.

    Attributes:
        node_tokens: [nodes] int64, the decoder's input at each position; position 0 is the start token.
        node_distances: [nodes, nodes] int64; [i, j] is the number of steps from i up to j, 0 to itself, and
            `MASKED_DISTANCE` where j does not lie on the path from the root to i.
        edge_nodes: [edges] int64, the node that an edge leaves; edges of one node are adjacent.
        edge_tokens: [edges] int64, the token that an edge stands for.
        paths: [answers, edges] float64, 1 where an edge lies on the answer's path, else 0.
        branch_starts: [branching nodes] int64, the first edge of each branching node.
    """

    node_tokens: IntArray
    node_distances: IntArray
    edge_nodes: IntArray
    edge_tokens: IntArray
    paths: FloatArray
    branch_starts: IntArray

    @property
    def nodes(self) -> int:
        """Number of decoder positions."""
        return len(self.node_tokens)

    @property
    def edges(self) -> int:
        """Number of scored edges."""
        return len(self.edge_tokens)

    @classmethod
    def build(cls, answers: Sequence[Sequence[int]], start_token: int) -> LabelTrie:
        """Pack token sequences into a trie.

        Args:
            answers: token ids of each answer, `</s>` included.
            start_token: the token that the decoder starts with.

        Raises:
            TrieError: fewer than two answers, an answer that is empty in tokens, two answers with the same
                tokens, an answer that is the beginning of another (its `</s>` is missing), or a trie beyond
                `MAX_NODES` or `MAX_DEPTH`.
        """
        _check(answers)
        root = _Node(start_token)
        for position, tokens in enumerate(answers):
            root.insert(tokens, position)
        nodes = list(root.needed())
        if len(nodes) > MAX_NODES:
            raise TrieError(
                f"the answers need {len(nodes)} decoder positions, at most {MAX_NODES} are allowed; give fewer "
                "or shorter answers",
                range(len(answers)),
            )
        index = {id(node): number for number, node in enumerate(nodes)}
        distances = np.full((len(nodes), len(nodes)), MASKED_DISTANCE, dtype=np.int64)
        edge_nodes: list[int] = []
        edge_tokens: list[int] = []
        branch_starts: list[int] = []
        members: list[list[int]] = []
        for number, node in enumerate(nodes):
            if node.parent is not None:
                above = distances[index[id(node.parent)]]
                distances[number] = np.where(above == MASKED_DISTANCE, above, above + 1)
            distances[number, number] = 0
            if len(node.children) < 2:
                continue
            branch_starts.append(len(edge_tokens))
            for token, child in node.children.items():
                edge_nodes.append(number)
                edge_tokens.append(token)
                members.append(child.answers)
        paths = np.zeros((len(answers), len(edge_tokens)), dtype=np.float64)
        for edge, positions in enumerate(members):
            paths[positions, edge] = 1.0
        return cls(
            node_tokens=np.array([node.token for node in nodes], dtype=np.int64),
            node_distances=distances,
            edge_nodes=np.array(edge_nodes, dtype=np.int64),
            edge_tokens=np.array(edge_tokens, dtype=np.int64),
            paths=paths,
            branch_starts=np.array(branch_starts, dtype=np.int64),
        )

    def probabilities(self, edge_logits: npt.NDArray[np.floating], temperature: float = 1.0) -> FloatArray:
        """Probability of each answer.

        Args:
            edge_logits: [edges] float, the student's logits of `edge_tokens` at `edge_nodes`.
            temperature: see `student.confidence.Confidence`.

        Returns:
            [answers] float64; sums to 1 up to rounding.
        """
        logits = edge_logits.astype(np.float64)
        counts = np.diff(self.branch_starts, append=len(logits))
        # Softmax over each node's edges, which are adjacent: one segment a branching node.
        shifted = logits - np.repeat(np.maximum.reduceat(logits, self.branch_starts), counts)
        normaliser = np.log(np.add.reduceat(np.exp(shifted), self.branch_starts))
        logarithms: FloatArray = self.paths @ (shifted - np.repeat(normaliser, counts)) / temperature
        probabilities: FloatArray = np.exp(logarithms - logarithms.max())
        probabilities /= probabilities.sum()
        return probabilities


@dataclass(frozen=True)
class TrieBatch:
    """Tries of several questions, padded to one shape: the inputs of the label graph.

    Attributes:
        node_tokens: [batch, nodes] int64; padding repeats token 0.
        node_distances: [batch, nodes, nodes] int64; a padding node sees itself, so that its softmax is finite.
        edge_nodes: [batch, edges] int64; padding points at the root.
        edge_tokens: [batch, edges] int64; padding names token 0. Its scores are cut off again.
    """

    node_tokens: IntArray
    node_distances: IntArray
    edge_nodes: IntArray
    edge_tokens: IntArray

    @classmethod
    def pack(cls, tries: Sequence[LabelTrie], *, nodes: int = 0, edges: int = 0) -> TrieBatch:
        """Pad tries to the largest among them.

        Args:
            tries: one a row.
            nodes: pad to at least so many.
            edges: pad to at least so many.
        """
        nodes = max(nodes, *(trie.nodes for trie in tries))
        edges = max(edges, *(trie.edges for trie in tries))
        alone = np.where(np.eye(nodes, dtype=np.bool_), 0, MASKED_DISTANCE)
        distances = np.broadcast_to(alone, (len(tries), nodes, nodes)).astype(np.int64)
        for row, trie in enumerate(tries):
            distances[row, : trie.nodes, : trie.nodes] = trie.node_distances
        return cls(
            node_tokens=_pad([trie.node_tokens for trie in tries], nodes),
            node_distances=distances,
            edge_nodes=_pad([trie.edge_nodes for trie in tries], edges),
            edge_tokens=_pad([trie.edge_tokens for trie in tries], edges),
        )

    def feeds(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays by the names of the label graph's inputs."""
        return {
            "node_tokens": self.node_tokens,
            "node_distances": self.node_distances,
            "edge_nodes": self.edge_nodes,
            "edge_tokens": self.edge_tokens,
        }


@dataclass
class _Node:
    token: int
    parent: _Node | None = None
    children: dict[int, _Node] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)

    def insert(self, tokens: Sequence[int], answer: int) -> None:
        node = self
        node.answers.append(answer)
        for token in tokens:
            if token not in node.children:
                node.children[token] = _Node(token, parent=node)
            node = node.children[token]
            node.answers.append(answer)

    def needed(self) -> list[_Node]:
        """Branching nodes and their ancestors, parents before children."""
        kept: list[_Node] = []
        stack = [self]
        while stack:
            node = stack.pop()
            # A subtree that holds one answer branches no more.
            if len(node.answers) < 2:
                continue
            kept.append(node)
            stack.extend(reversed(node.children.values()))
        return kept


def _check(answers: Sequence[Sequence[int]]) -> None:
    if len(answers) < 2:
        raise TrieError(f"{len(answers)} answer(s) given; at least two are needed", range(len(answers)))
    seen: dict[tuple[int, ...], int] = {}
    for position, tokens in enumerate(answers):
        key = tuple(tokens)
        if not key:
            raise TrieError("answer {} is empty in tokens", [position])
        if len(key) > MAX_DEPTH:
            raise TrieError(f"answer {{}} has {len(key)} tokens, at most {MAX_DEPTH} are allowed", [position])
        if key in seen:
            raise TrieError("answers {} and {} are the same in the student's tokens", [seen[key], position])
        seen[key] = position
    for key, position in seen.items():
        for length in range(1, len(key)):
            if key[:length] in seen:
                raise TrieError(
                    "answer {} is the beginning of answer {}; both must end in </s>",
                    [seen[key[:length]], position],
                )


def _pad(rows: Sequence[IntArray], length: int) -> IntArray:
    padded = np.zeros((len(rows), length), dtype=np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
