"""Where a y axis ends: at typical values, so that a bad one does not squeeze the rest; what is not in view is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OUTER = 3.0  # interquartile ranges from the quartiles to Tukey's outer fences (Exploratory Data Analysis, 1977, 2C)
SQUEEZED = 0.25  # of the height: an axis is cut where the typical values would have less
NARROWEST = 0.05  # of the median: an axis that is cut shows no less, so that three figures tell its ticks apart


def limit_to_typical(
    ax: Any, lines: Mapping[str, Any], bands: Mapping[str, Any] | None = None, *, among: Any = None
) -> None:
    """End the y axis at the outer fences where values beyond would squeeze the rest, and say whose points and bands those are.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.
    lines : mapping of str to array-like
        The points that are drawn, by name.
    bands : mapping of str to array-like, default=None
        Both ends of the bands, by the same names.
    among : array-like, default=None
        The values whose quartiles say what is typical; by default all that are drawn.
    """
    points = {name: _finite(values) for name, values in lines.items()}
    ends = {name: _finite((bands or {}).get(name, ())) for name in points}
    limits = _limits(np.concatenate([*points.values(), *ends.values()]), among)
    if limits is None:
        return
    ax.set_ylim(limits)
    said = (_outside(name, points[name], ends[name], limits) for name in points)
    words = "\n".join(["not in view:", *filter(None, said)])
    box = {"color": "white", "alpha": 0.8, "pad": 1}
    ax.text(0.02, 0.98, words, transform=ax.transAxes, va="top", color="0.4", fontsize="small", bbox=box)


def _limits(drawn: Array, among: Any) -> tuple[float, float] | None:
    """Ends of the axis; None if all has room enough, or if most values are one and say nothing of a range."""
    typical = drawn if among is None else _finite(among)
    if not len(drawn) or not len(typical):
        return None
    low, middle, high = np.quantile(typical, [0.25, 0.5, 0.75])
    if low == high:
        return None
    least = NARROWEST * abs(middle)
    reach = max(OUTER * (high - low), least)
    inside = drawn[(drawn >= low - reach) & (drawn <= high + reach)]
    height = max(np.ptp(inside), least) if len(inside) else np.inf
    if height >= SQUEEZED * np.ptp(drawn):
        return None
    margin = max(0.05 * (np.ptp(inside) or reach), (least - np.ptp(inside)) / 2)
    return float(inside.min() - margin), float(inside.max() + margin)


def _outside(name: str, points: Array, ends: Array, limits: tuple[float, float]) -> str:
    """What of one model is not in view, in words; empty if all is."""
    points, ends = ((each[(each < limits[0]) | (each > limits[1])]) for each in (points, ends))
    parts = []
    if len(points):
        values = dict.fromkeys(f"{value:.3g}" for value in (points.min(), points.max()))
        parts.append(f"{'1 point' if len(points) == 1 else f'{len(points)} points'} at {' to '.join(values)}")
    seen = np.append(points, limits)
    parts += [f"band down to {ends.min():.3g}"] if (ends < seen.min()).any() else []
    parts += [f"band up to {ends.max():.3g}"] if (ends > seen.max()).any() else []
    return f"{name}: {', '.join(parts)}" if parts else ""


def _finite(values: Any) -> Array:
    values = np.ravel(np.asarray(values, dtype=np.float64))
    return values[np.isfinite(values)]
