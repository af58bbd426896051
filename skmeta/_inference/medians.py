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
_FEW_LEFT = 48  # speed: after two bytes, which tell numbers to a sixteenth, few values are left
_AROUND = np.array([1.0 - 1e-12, 1.0 + 1e-12])  # exactly half of the weight below: the median lies between two


def weighted_median_of_parts(engine: Engine, parts: list[Any]) -> Array:
    """Medians ``(m,)`` of parts ``(values (t, m), weight (t, m) or (t, 1))``; zero where nothing weighs anything."""
    left = engine.map(_keyed, parts)
    half, below, wanted, prefix = np.zeros(0), np.zeros(0), np.zeros(0), np.zeros((0, 2), dtype=np.uint64)
    for shift in range(56, -1, -8):
        weights = total(engine, partial(_weights_by_byte, prefix, np.uint64(shift)), left)
        if not len(prefix):
            half = 0.5 * weights[:, 0].sum(axis=-1)
            below, wanted = np.zeros((len(half), 2)), half[:, None] * _AROUND
            prefix = np.zeros((len(half), 2), dtype=np.uint64)
        reached = below[..., None] + np.cumsum(weights, axis=-1)
        byte = np.where(reached[..., -1] >= wanted, (reached < wanted[..., None]).sum(axis=-1), _last(weights))
        before = np.take_along_axis(reached, np.maximum(byte - 1, 0)[..., None], axis=-1)[..., 0]
        below = np.where(byte > 0, before, below)
        prefix = (prefix << _BYTE) | byte.astype(np.uint64)
        if shift == _FEW_LEFT:
            left = engine.keep(engine.map(partial(_that_begin, prefix, np.uint64(shift)), left))
    return np.where(half > 0, _values_of(prefix).mean(axis=1), 0.0)


def _last(weights: Array) -> NDArray[np.intp]:
    """The last byte of any weight: sums in another order may fall short of the whole by their rounding."""
    return np.asarray(255 - np.argmax(weights[..., ::-1] > 0, axis=-1))


def _keyed(part: tuple[Array, Array]) -> list[tuple[Keys, Array]]:
    """The values of each column as integers of the same order, and their weights."""
    bits = (np.ascontiguousarray(part[0].T, dtype=float) + 0.0).view(np.uint64)
    keys = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    return list(zip(keys, np.broadcast_to(part[1].T, keys.shape), strict=True))


def _that_begin(prefix: Keys, shift: Any, columns: list[tuple[Keys, Array]]) -> list[tuple[Keys, Array]]:
    """Of each column the values that begin as one of two."""
    found = []
    for (keys, weight), own in zip(columns, prefix, strict=True):
        some = np.isin(keys >> shift, own)
        found.append((keys[some], weight[some]))
    return found


def _values_of(keys: Keys) -> Array:
    bits = np.where(keys & _SIGN, keys ^ _SIGN, ~keys)
    return np.asarray(np.ascontiguousarray(bits).view(np.float64))


def _weights_by_byte(prefix: Keys, shift: Any, columns: list[tuple[Keys, Array]]) -> Array:
    """Weights ``(m, 2, 256)`` by the next byte of the keys that begin with ``prefix (m, 2)``; at first all do."""
    out = np.zeros((len(columns), 2, 256))
    for j, (keys, weight) in enumerate(columns):
        start = keys >> shift
        byte = (start & np.uint64(255)).astype(np.intp)
        for k in (0, 1):
            if k and (not len(prefix) or prefix[j, 0] == prefix[j, 1]):
                out[j, 1] = out[j, 0]
            else:
                own = (start >> _BYTE) == prefix[j, k] if len(prefix) else slice(None)
                out[j, k] = np.bincount(byte[own], weight[own], minlength=256)
    return out
