"""Exact weighted medians of values that lie in parts: a byte a pass, by counts of fixed size.

Floating point numbers are in the order of their bits read as integers (negative ones turned round), so a median is found
from its first byte to its last: each pass sums the weights of the values that begin as the median does, by their next
byte. It is the median of `typical.weighted_median`, whatever the parts.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.partitions import Engine, total

Array = NDArray[np.float64]
Keys = NDArray[np.uint64]

_SIGN = np.uint64(1 << 63)
_BYTE = np.uint64(8)
_AROUND = np.array([1.0 - 1e-12, 1.0 + 1e-12])  # exactly half of the weight below: the median lies between two


def weighted_median_of_parts(engine: Engine, parts: list[Any]) -> Array:
    """Medians ``(m,)`` of parts ``(values (t, m), weight (t, m) or (t, 1))``; zero where nothing weighs anything."""
    keyed = engine.map(_keyed, parts)  # again at each pass, which costs less than to hold them
    half = 0.5 * total(engine, _weights, keyed)
    below = np.zeros((len(half), 2))
    prefix = np.zeros((len(half), 2), dtype=np.uint64)
    wanted = half[:, None] * _AROUND
    for shift in range(56, -1, -8):
        weights = total(engine, partial(_weights_by_byte, prefix, np.uint64(shift)), keyed)
        reached = below[..., None] + np.cumsum(weights, axis=-1)
        byte = np.where(reached[..., -1] >= wanted, (reached < wanted[..., None]).sum(axis=-1), _last(weights))
        before = np.take_along_axis(reached, np.maximum(byte - 1, 0)[..., None], axis=-1)[..., 0]
        below = np.where(byte > 0, before, below)
        prefix = (prefix << _BYTE) | byte.astype(np.uint64)
    return np.where(half > 0, _values_of(prefix).mean(axis=1), 0.0)


def _last(weights: Array) -> NDArray[np.intp]:
    """The last byte of any weight: sums in another order may fall short of the whole by their rounding."""
    return np.asarray(255 - np.argmax(weights[..., ::-1] > 0, axis=-1))


def _keyed(part: tuple[Array, Array]) -> tuple[Keys, Array]:
    """The values as integers of the same order, and their weights."""
    bits = (np.ascontiguousarray(part[0], dtype=float) + 0.0).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN), part[1]


def _values_of(keys: Keys) -> Array:
    bits = np.where(keys & _SIGN, keys ^ _SIGN, ~keys)
    return np.asarray(np.ascontiguousarray(bits).view(np.float64))


def _weights(part: tuple[Keys, Array]) -> Array:
    return np.broadcast_to(part[1].sum(axis=0), part[0].shape[1]).copy()


def _weights_by_byte(prefix: Keys, shift: Any, part: tuple[Keys, Array]) -> Array:
    """Weights ``(m, 2, 256)`` by the next byte of the keys that begin with ``prefix (m, 2)``."""
    keys, weight = part[0], np.broadcast_to(part[1], part[0].shape)
    out = np.zeros((*prefix.shape, 256))
    for j, (first, second) in enumerate(prefix):
        start = keys[:, j] >> shift
        for k, wanted in enumerate((first, second) if first != second else (first,)):
            own = (start >> _BYTE) == wanted
            out[j, k] = np.bincount(
                (start[own] & np.uint64(255)).astype(np.intp), weight[own, j % weight.shape[1]], minlength=256
            )
        if first == second:
            out[j, 1] = out[j, 0]
    return out
