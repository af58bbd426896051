"""What displays share of their axes: matplotlib, if it is installed, those given or new ones, and their title."""

from __future__ import annotations

from typing import Any


def axes_for(display: object, ax: Any) -> Any:
    """Return `ax`, or the axes of a new figure if it is None."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        name = type(display).__name__
        raise ImportError(
            f"{name}.plot: wanted matplotlib, found it not installed; pip install 'skmeta[plot]'."
        ) from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def title_of(scoring: str, negate: bool) -> str:
    """Return the words on an axis of scores, or of the errors that they are with the other sign."""
    if scoring.startswith("neg_"):
        words = scoring.removeprefix("neg_") if negate else "negative_" + scoring.removeprefix("neg_")
    else:
        words = "negative_" + scoring if negate else scoring
    return words.replace("_", " ").capitalize()
