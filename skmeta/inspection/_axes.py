"""What displays share of their axes: matplotlib, if it is installed, those given or new ones, their words and limits."""

from __future__ import annotations

from typing import Any

import numpy as np

OUTER = 3.0  # interquartile ranges from the quartiles to Tukey's outer fences (Exploratory Data Analysis, 1977, 2C)


def axes_for(display: object, ax: Any) -> tuple[Any, Any]:
    """Return `ax`, or the axes of a new figure if it is None, and their figure."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        name = type(display).__name__
        raise ImportError(
            f"{name}.plot: wanted matplotlib, found it not installed; pip install 'skmeta[plot]'."
        ) from error
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    return ax, ax.figure


def with_one_below(ax: Any, heights: tuple[float, float], *, sharex: bool = False) -> tuple[Any, Any]:
    """Return `ax`, made shorter, and new axes below it in the same place of the figure, of the given relative heights."""
    cell = ax.get_subplotspec()
    shared = ax if sharex else None
    if cell is None:  # axes that stand at a place of their own
        place = ax.get_position()
        own, below = (place.height * height / (1.3 * sum(heights)) for height in heights)
        ax.set_position([place.x0, place.y1 - own, place.width, own])
        return ax, ax.figure.add_axes([place.x0, place.y0, place.width, below], sharex=shared)
    upper, lower = cell.subgridspec(2, 1, height_ratios=heights)
    ax.set_subplotspec(upper)
    return ax, ax.figure.add_subplot(lower, sharex=shared)


def title_of(scoring: str, negate: bool) -> str:
    """Return the words on an axis of scores, or of the errors that they are with the other sign."""
    if scoring.startswith("neg_"):
        words = scoring.removeprefix("neg_") if negate else "negative_" + scoring.removeprefix("neg_")
    else:
        words = "negative_" + scoring if negate else scoring
    return words.replace("_", " ").capitalize()


def better(negate: bool) -> str:
    """Return which end of an axis is the good one; scores are better the higher they are."""
    return "lower is better" if negate else "higher is better"


def limit_to_typical(ax: Any, drawn: Any, among: Any = None) -> None:
    """End the y axis where most values do, and say what lies outside, so that one bad value does not squeeze the rest.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.
    drawn : array-like
        The values that are drawn.
    among : array-like, default=None
        The values whose quartiles say what is typical; by default those drawn.
    """
    drawn = _finite(drawn)
    typical = drawn if among is None else _finite(among)
    if not len(drawn):
        return
    low, high = np.quantile(typical, [0.25, 0.75])
    reach = OUTER * (high - low)
    is_inside = (drawn >= low - reach) & (drawn <= high + reach)
    inside, outside = drawn[is_inside], drawn[~is_inside]
    if reach == 0.0 or not len(outside) or not len(inside):
        return
    margin = 0.05 * (np.ptp(inside) or reach)
    ax.set_ylim(inside.min() - margin, inside.max() + margin)
    ends = dict.fromkeys(f"{value:.3g}" for value in (outside.min(), outside.max()))
    points = "1 point" if len(outside) == 1 else f"{len(outside)} points"
    words = f"not in view: {points}, {' to '.join(ends)}"
    box = {"color": "white", "alpha": 0.8, "pad": 1}
    ax.text(0.02, 0.98, words, transform=ax.transAxes, va="top", color="0.4", fontsize="small", bbox=box)


def _finite(values: Any) -> Any:
    values = np.ravel(np.asarray(values, dtype=np.float64))
    return values[np.isfinite(values)]
