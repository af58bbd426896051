"""Where a display draws: matplotlib, if it is installed, and the axes given or new ones."""

from __future__ import annotations

from typing import Any


def axes_for(display: object, ax: Any) -> Any:
    """Return `ax`, or the axes of a new figure if it is None."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        name = type(display).__name__
        raise ImportError(f"{name}.plot needs matplotlib: pip install 'skmeta[plot]'.") from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax
