"""The path of coefficients in time, as lines with bands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._pictures import Path
from skmeta.inspection._colors import colors_of_parts


def draw_path(
    ax: Any, path: Path, names: Sequence[str], outputs: Sequence[str], which: Sequence[int]
) -> tuple[list[Any], list[Any]]:
    """Draw some coefficients, and return their lines and bands.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    path : Path
        Times in order, means and standard deviations.
    names, outputs : sequence of str
        Of the coefficients, and of the outputs.
    which : sequence of int
        The coefficients to draw.

    Returns
    -------
    lines, bands : list
        One of each for every coefficient and output.
    """
    mean, sd = (np.reshape(each, (-1, *each.shape[-2:])) for each in (path.mean, path.sd))
    lines, bands = [], []
    drawn = list(product(which, enumerate(outputs)))
    for (j, (k, output)), color in zip(drawn, colors_of_parts(len(drawn)), strict=True):
        label = f"{names[j]}, {output}" if len(outputs) > 1 else names[j]
        lines += ax.plot(path.time, mean[k, :, j], label=label, color=color)
        low, high = mean[k, :, j] - sd[k, :, j], mean[k, :, j] + sd[k, :, j]
        bands.append(ax.fill_between(path.time, low, high, color=color, alpha=0.15, lw=0))
    return lines, bands


def moves_of(path: Path) -> NDArray[np.float64]:
    """Return how far each coefficient moves, the largest over outputs."""
    return np.asarray(np.reshape(path.mean, (-1, *path.mean.shape[-2:])).std(axis=1).max(axis=0))
