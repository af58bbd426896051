"""Where the columns and targets of a collection in parts lie: the units of `typical`, by sums and medians over the parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY
from skmeta._inference.medians import weighted_median_of_parts
from skmeta._inference.partitions import Engine, total
from skmeta._inference.sums import CONSTANT, Sums
from skmeta._inference.typical import NORMAL, Where, size_or_pooled, unless_constant, within_freedom

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Places:
    """Means ``(t, m)`` of the columns and targets of the tasks of a part, and the squares around them."""

    n: Array
    rows: Array
    mean: Array
    spread: Array
    present: NDArray[np.bool_]

    @property
    def weight(self) -> Array:
        """What tasks weigh in medians: ``(t, 1)`` where they all have all columns."""
        return self.rows[:, None] if self.present.all() else self.rows[:, None] * self.present


def pooled_scale(engine: Engine, places: list[Any]) -> tuple[Array, Array]:
    """`sums.centre_and_scale` of parts."""
    nothing = 0.0
    weight, off, _ = total(engine, partial(_around, nothing), places)
    weight = np.maximum(weight, TINY)
    centre = off / weight
    centre = centre + total(engine, partial(_around, centre), places)[1] / weight
    scale = np.sqrt(total(engine, partial(_around, centre), places)[2] / weight)
    return centre, np.where(scale <= CONSTANT * np.abs(centre) + TINY, 1.0, scale)


def places_of(engine: Engine, parts: list[Any]) -> list[Any]:
    """Handles of the `Places` of parts of `Sums`, which are kept."""
    return engine.keep(engine.map(_places, parts))


def where_parts_lie(engine: Engine, places: list[Any], n_outputs: int, unit: float = 1.0) -> Where:
    """`typical.where_sums_lie` of parts, weights in a ``unit``."""
    places = places if unit == 1.0 else engine.map(partial(_in_unit, unit), places)
    pooled = pooled_scale(engine, places)
    centre = weighted_median_of_parts(engine, engine.map(_means, places))
    found = weighted_median_of_parts(engine, engine.map(partial(_squares, centre, n_outputs), places))
    m = len(centre)
    within, between, around_zero = found[:m], found[m : 2 * m], found[2 * m :]
    typical, scale = unless_constant(centre, np.sqrt(within + NORMAL**2 * between), pooled)
    size = np.sqrt(within[m - n_outputs :] + NORMAL**2 * around_zero)
    square, n = total(engine, partial(_squares_around_zero, n_outputs), places)
    d = m - n_outputs
    return Where(
        typical[:d],
        scale[:d],
        typical[d:],
        scale[d:],
        pooled[0][d:],
        size_or_pooled(size, square / np.maximum(n, TINY)),
    )


def _places(sums: Sums) -> Places:
    mean = np.concatenate([sums.mean, sums.target], axis=1)
    spread = np.concatenate([np.diagonal(sums.scatter, axis1=1, axis2=2), sums.square], axis=1)
    return Places(sums.n, sums.rows, np.nan_to_num(mean, nan=0.0), spread, ~np.isnan(mean))


def _in_unit(unit: float, own: Places) -> Places:
    return replace(own, n=own.n / unit, spread=own.spread / unit)


def _around(centre: Any, own: Places) -> tuple[Array, Array, Array]:
    """Sums over the tasks of weights, of means around ``centre`` and of squares around it ``(m,)``."""
    weight, off = own.n[:, None] * own.present, own.mean - centre
    return weight.sum(axis=0), (weight * off).sum(axis=0), (own.spread + weight * off**2).sum(axis=0)


def _squares_around_zero(n_outputs: int, own: Places) -> tuple[Array, Array]:
    """The targets' squares ``(K,)``, and what they weigh."""
    mean, spread = own.mean[:, -n_outputs:], own.spread[:, -n_outputs:]
    return (spread + own.n[:, None] * mean**2).sum(axis=0), np.asarray(own.n.sum())


def _means(own: Places) -> tuple[Array, Array]:
    return own.mean, own.weight


def _squares(centre: Array, n_outputs: int, own: Places) -> tuple[Array, Array]:
    """Mean squares within tasks, between them, and of the targets around zero, with their weights ``(t, 2 m + K)``."""
    freedom, several = within_freedom(own.n, own.rows)
    weight, target = own.rows[:, None] * own.present, own.mean[:, -n_outputs:]
    values = np.concatenate([own.spread / freedom[:, None], (own.mean - centre) ** 2, target**2], axis=1)
    if own.present.all() and several.all():
        return values, own.weight
    weights = [weight * several[:, None], weight, np.broadcast_to(own.rows[:, None], target.shape)]
    return values, np.concatenate(weights, axis=1)
