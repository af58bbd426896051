"""Bounds of rows, declared before they are looked at: read by name, and kept by clipping and by shrinking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from skmeta._inference.bounded_sums import Box
from skmeta._inference.moments import take_rows
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import LIMIT, listed, shown

Array = NDArray[np.float64]

TARGET = "y"  # what bounds call the target


def bounded_rows(
    Z: Any, Y: Array, names: Sequence[str] | None, weight: Any, bounds: Any, data_norm: float | None
) -> tuple[Array, Array, Array | None, dict[str, Any]]:
    """Columns, targets and weights of rows that keep what is declared, and the fields that say what that is."""
    if bounds is None:
        raise ValueError(
            f"data_norm: wanted bounds beside it, in whose units it is, found {shown(data_norm)} alone; give from_table both."
        )
    found = read_bounds(bounds, names, Z.shape[1], Y.shape[1], weighted=weight is not None)
    Z, Y = clipped(Z, Y, found, names)
    if data_norm is None:
        return Z, Y, None, {"bounds": found}
    check_scalar(data_norm, "data_norm", Real, min_val=0.0, include_boundaries="neither")
    if not np.isfinite(data_norm):
        raise ValueError(f"data_norm: wanted a finite number, found {data_norm}; None shrinks no row.")
    box = Box.of_bounds(found, Z.shape[1], float(data_norm))
    return Z, Y, box.weights(Z), {"bounds": found, "data_norm": float(data_norm)}


def read_bounds(
    bounds: Any, names: Sequence[str] | None, n_features: int, n_outputs: int, *, weighted: bool = False
) -> Array:
    """Lows and highs ``(n_features + n_outputs, 2)`` of a mapping by names of the columns, or positions, and ``"y"``."""
    if weighted:
        raise ValueError(
            "sample_weight: wanted rows without weights beside bounds, found weights, by which a row's share of the "
            "sums has no bound; leave them out."
        )
    if not isinstance(bounds, Mapping):
        raise TypeError(
            f"bounds: wanted a mapping from each column, and {TARGET!r} for the target, to a pair (low, high), found "
            f"{type(bounds).__name__}; as {{'price': (0, 100), {TARGET!r}: (0, 1)}}."
        )
    columns: list[Any] = list(range(n_features)) if names is None else list(names)
    if TARGET in columns:
        raise ValueError(
            f"X: wanted columns of other names than {TARGET!r}, which is the target's in bounds; rename it."
        )
    wanted, found = [*columns, TARGET], list(bounds)
    missing, unknown = [n for n in wanted if n not in found], [n for n in found if n not in wanted]
    if missing or unknown:
        parts = (("none of", missing), ("unknown", unknown))
        raise ValueError(
            f"bounds: wanted a pair (low, high) for each column and {TARGET!r} for the target, found "
            f"{', '.join(f'{what} {listed(names)}' for what, names in parts if names)}; bounds are declared for what rows may "
            "be, not read from them."
        )
    pairs = [_pair(name, bounds[name]) for name in columns]
    return np.array([*pairs, *_pairs_of_targets(bounds[TARGET], n_outputs)])


def _pair(name: Any, pair: Any) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in pair)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            f"bounds: wanted two finite numbers, low < high, of {shown(name)}, found {shown(pair)}; declare what values may "
            "be, as (0, 100)."
        )
    return low, high


def _pairs_of_targets(pairs: Any, n_outputs: int) -> list[tuple[float, float]]:
    if n_outputs == 1 or np.ndim(pairs) < 2:  # one pair does for all targets
        return [_pair(TARGET, pairs)] * n_outputs
    if len(pairs) != n_outputs:
        raise ValueError(
            f"bounds: wanted {n_outputs} pairs of {TARGET!r}, one a target, found {len(pairs)}; one pair does for all."
        )
    return [_pair(TARGET, pair) for pair in pairs]


def clipped(Z: Any, Y: Array, bounds: Array, names: Sequence[str] | None) -> tuple[Array, Array]:
    """Columns and targets within their bounds; what is clipped is said, by column."""
    values = np.concatenate([take_rows(Z, slice(None)), Y], axis=1)
    found, d = np.clip(values, bounds[:, 0], bounds[:, 1]), Z.shape[1]
    outside = (np.abs(found - values) > 0).mean(axis=0)
    if outside.any():
        labels = [*(range(d) if names is None else names), *[TARGET] * Y.shape[1]]
        said = [f"{outside[j]:.1%} of {shown(labels[j])}" for j in np.argsort(-outside) if outside[j] > 0]
        warn_caller(
            f"bounds: wanted values within the bounds, found outside, and clipped, {', '.join(said[:LIMIT])}. If that is many "
            "rows, declare wider bounds, from what is known of the columns. This message tells of the rows: keep it where "
            "they are."
        )
    return found[:, :d], found[:, d:]
