"""Moving outliers from activations into weights, where INT8 can bear them (SmoothQuant, Xiao et al. 2023).

One step size holds a whole activation, but each column of a weight has its own. A channel far larger than the others
leaves these few steps. So channels are divided by s and the weights that read them multiplied by it; what divides is
part of the weights before: of a norm's scale, of `up` (of `first` for ReLU), of the value matrix. s is a power of two,
so the student computes what it did, to the last bit in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from export.t5_weights import Attention, FeedForward, FloatArray, Layer, T5Weights

STRENGTH = 0.5
"""How much of the range moves from activations to weights, from 0 to 1; SmoothQuant's alpha."""


def smoothed(weights: T5Weights, extents: Mapping[str, FloatArray]) -> T5Weights:
    """The same student, with its channels more alike.

    Args:
        weights: of the student.
        extents: by site, the largest absolute value of each channel that is read there: [in]. A site without is left
            as it is.
    """
    return replace(
        weights,
        encoder=tuple(_layer(layer, f"encoder.{i}", weights, extents) for i, layer in enumerate(weights.encoder)),
        decoder=tuple(_layer(layer, f"decoder.{i}", weights, extents) for i, layer in enumerate(weights.decoder)),
    )


def _layer(layer: Layer, site: str, weights: T5Weights, extents: Mapping[str, FloatArray]) -> Layer:
    attention, cross, dense = layer.attention, layer.cross, layer.dense
    by = _factors(extents, f"{site}.attention.input", attention.query, attention.key, attention.value)
    attention = replace(
        attention,
        query=_rows(attention.query, by),
        key=_rows(attention.key, by),
        value=_rows(attention.value, by),
    )
    layer = replace(
        layer,
        attention_norm=layer.attention_norm / by,
        attention=_context(attention, extents, f"{site}.attention.context"),
    )
    if cross is not None and layer.cross_norm is not None:
        by = _factors(extents, f"{site}.cross.input", cross.query)
        cross = replace(cross, query=_rows(cross.query, by))
        layer = replace(
            layer, cross_norm=layer.cross_norm / by, cross=_context(cross, extents, f"{site}.cross.context")
        )
    read = [dense.first] if dense.up is None else [dense.first, dense.up]
    by = _factors(extents, f"{site}.dense.input", *read)
    dense = replace(dense, first=_rows(dense.first, by), up=None if dense.up is None else _rows(dense.up, by))
    return replace(layer, dense_norm=layer.dense_norm / by, dense=_inner(dense, site, weights, extents))


def _context(attention: Attention, extents: Mapping[str, FloatArray], site: str) -> Attention:
    """An attention's context is a sum of values: its channels are those of the value matrix."""
    by = _factors(extents, site, attention.output)
    return replace(attention, value=attention.value / by, output=_rows(attention.output, by))


def _inner(dense: FeedForward, site: str, weights: T5Weights, extents: Mapping[str, FloatArray]) -> FeedForward:
    by = _factors(extents, f"{site}.dense.inner", dense.output)
    if dense.up is not None:
        return replace(dense, up=dense.up / by, output=_rows(dense.output, by))
    if weights.activation == "relu":
        return replace(dense, first=dense.first / by, output=_rows(dense.output, by))
    return dense  # not homogeneous: nothing before the activation divides what comes after it


def _factors(extents: Mapping[str, FloatArray], site: str, *readers: FloatArray) -> FloatArray:
    """By what each channel is divided: [in], powers of two."""
    width = len(readers[0])
    extent = extents.get(site, np.zeros(width, dtype=np.float32))
    weight = np.max([np.abs(reader).max(axis=1) for reader in readers], axis=0)
    usable = (extent > 0) & (weight > 0)
    balance = np.where(usable, extent, 1) ** STRENGTH / np.where(usable, weight, 1) ** (1 - STRENGTH)
    powers: FloatArray = np.exp2(np.where(usable, np.rint(np.log2(balance)), 0)).astype(np.float32)
    return powers


def _rows(weight: FloatArray, by: FloatArray) -> FloatArray:
    """`weight` [in, out], each row times its factor."""
    scaled: FloatArray = weight * by[:, None]
    return scaled
