"""The path of coefficients in time, as lines with bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmeta.base._pictures import Path


def draw_path(
    ax: Any, path: Path, names: Sequence[str], outputs: Sequence[str], max_coefs: int
) -> tuple[list[Any], list[Any]]:
    """Draw those coefficients that move most, and return their lines and bands.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    path : Path
        Times in order, means and standard deviations.
    names, outputs : sequence of str
        Of the coefficients, and of the outputs.
    max_coefs : int
        How many coefficients are drawn.

    Returns
    -------
    lines, bands : list
        One of each for every coefficient and output.
    """
    mean, sd = (np.reshape(each, (-1, *each.shape[-2:])) for each in (path.mean, path.sd))
    moves = mean.std(axis=1).max(axis=0)
    lines, bands = [], []
    for j in np.sort(np.argsort(-moves, kind="stable")[:max_coefs]):
        for k, output in enumerate(outputs):
            label = f"{names[j]}, {output}" if len(outputs) > 1 else names[j]
            (line,) = ax.plot(path.time, mean[k, :, j], label=label)
            low, high = mean[k, :, j] - sd[k, :, j], mean[k, :, j] + sd[k, :, j]
            bands.append(ax.fill_between(path.time, low, high, color=line.get_color(), alpha=0.15, lw=0))
            lines.append(line)
    ax.set_xlabel("Time")
    ax.set_ylabel("Coefficient: mean ± standard deviation")
    ax.legend()
    return lines, bands
