"""What displays share of their axes: matplotlib, if it is installed, those given or new ones, and their words."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, ref

_BELOW: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # of axes that were made shorter, those below them


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
    """Return `ax` and axes below it; the first time `ax` is made shorter, and room for those of given relative heights."""
    known = _BELOW.get(ax, lambda: None)()
    if known is None or known not in ax.figure.axes:
        known = _split(ax, heights, ax if sharex else None)
        _BELOW[ax] = ref(known)  # a weak one: it knows its figure, which knows ax
    return ax, known


def _split(ax: Any, heights: tuple[float, float], shared: Any) -> Any:
    """New axes in the lower part of the place of `ax`, which keeps the upper one."""
    cell = ax.get_subplotspec()
    if cell is None:  # axes that stand at a place of their own
        place = ax.get_position()
        own, below = (place.height * height / (1.3 * sum(heights)) for height in heights)
        ax.set_position([place.x0, place.y1 - own, place.width, own])
        return ax.figure.add_axes([place.x0, place.y0, place.width, below], sharex=shared)
    upper, lower = cell.subgridspec(2, 1, height_ratios=heights)
    ax.set_subplotspec(upper)
    return ax.figure.add_subplot(lower, sharex=shared)


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
