"""Differential privacy of sums: noise is added before they leave, once, and whether they are of use then is said."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from skmeta._inference.bounded_sums import Box, signal_of_columns
from skmeta._inference.gaussian_mechanism import noise_multiplier
from skmeta.linear_model._bounds import TARGET, read_bounds
from skmeta.tasks import lookup_tasks
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import shown

Array = NDArray[np.float64]
Statistics = Any  # SufficientStatistics, whose `privatise` asks here

FEWEST_ROWS = 1.0  # guard: that a number with noise is taken for


def privatised(found: Statistics, epsilon: float, delta: float, bounds: Any, random_state: Any) -> Statistics:
    """The statistics with the noise of the analytic Gaussian mechanism; its variance is part of them."""
    check_scalar(epsilon, "epsilon", Real, min_val=0.0, include_boundaries="neither")
    check_scalar(delta, "delta", Real, min_val=0.0, max_val=1.0, include_boundaries="neither")
    if not np.isfinite([epsilon, delta]).all():
        raise ValueError(
            f"privatise: wanted finite numbers, found epsilon={epsilon} and delta={delta}; without noise leave privatise out."
        )
    _check_can_be_private(found)
    declared = _bounds_of(found, bounds)
    box = Box.of_bounds(declared, found.n_features, found.data_norm)
    scale = noise_multiplier(float(epsilon), float(delta)) * box.sensitivity
    sums, random = found.sums(), _generator(random_state)
    M = box.products(sums) + box.noise(found.n_tasks, scale, random)
    M[:, box.d, box.d] = np.maximum(M[:, box.d, box.d], FEWEST_ROWS)
    noisy, one = box.sums(M, M[:, box.d, box.d].copy(), np.isnan(sums.mean)), found.target_mean.ndim == 1
    more = {"bounds": declared, "data_norm": found.data_norm}
    more["noise_variance"] = np.full(found.n_tasks, scale**2)
    private = found.of_sums(noisy, found.ids, found.feature_names, one_target=one, **more)
    warn_if_useless(private, "privatise")
    return private


def _generator(random_state: Any) -> Any:
    """Without a seed a new one: a global state that somebody has set would be known."""
    return np.random.default_rng() if random_state is None else check_random_state(random_state)


def _check_can_be_private(found: Statistics) -> None:
    if found.noise_variance is not None:
        raise ValueError(
            "privatise: wanted statistics without noise, found some that are private already; noise is added once, where the "
            "rows are."
        )
    if found.log_likelihood is not None:
        raise ValueError(
            "privatise: wanted the statistics of targets themselves, found working responses, which have no bounds; of "
            "labels make those of y == label, as numbers, and learn with Ridge()."
        )
    if found.bounds is None:
        raise ValueError(
            "privatise: wanted statistics of rows that are known to lie within bounds, found some made without; make them by "
            "SufficientStatistics.from_table(..., bounds=...), which clips: afterwards nobody can."
        )


def _bounds_of(found: Statistics, bounds: Any) -> Array:
    """The bounds that noise is measured by: those of the rows, or wider ones."""
    own: Array = found.bounds
    if bounds is None:
        return own
    asked = read_bounds(bounds, found.feature_names, found.n_features, found.n_outputs)
    outside = (own[:, 0] < asked[:, 0]) | (own[:, 1] > asked[:, 1])
    if outside.any():
        j = int(np.flatnonzero(outside)[0])
        raise ValueError(
            f"bounds: wanted bounds that hold for the rows, found {shown(asked[j])} of {column_of(found, j)}, whose rows "
            f"were read within {shown(own[j])}; give from_table the same bounds."
        )
    if found.data_norm is not None and not np.array_equal(own, asked):
        raise ValueError(
            f"bounds: wanted those that the rows were read within, found wider ones: data_norm={found.data_norm:g} is in their "
            "units; give from_table the same bounds, or leave them out."
        )
    return asked


def column_of(found: Statistics, j: int) -> str:
    """What the ``j``-th of the columns and targets is called in messages."""
    if j >= found.n_features:
        return repr(TARGET)
    return f"column {j}" if found.feature_names is None else repr(found.feature_names[j])


# Together ---------------------------------------------------------------------------------------------


def added_noise(ids: NDArray[Any], one: Statistics, other: Statistics) -> dict[str, Any]:
    """Bounds and the noise's variance of two parts together: a part without noise has none in any units."""
    bounded = [part for part in (one, other) if part.bounds is not None]
    private = [part for part in bounded if part.noise_variance is not None]
    if len(bounded) == 2:
        _check_same_bounds(one, other)
    if not private:
        return {name: getattr(one, name) if len(bounded) == 2 else None for name in ("bounds", "data_norm")}
    total = np.zeros(len(ids))
    for part in private:
        total[lookup_tasks(ids, part.ids)] += part.noise_variance
    return {"bounds": private[0].bounds, "data_norm": private[0].data_norm, "noise_variance": total}


def _check_same_bounds(one: Statistics, other: Statistics) -> None:
    """Raise unless two parts are of rows within the same bounds: noise is in their units."""
    if one.data_norm != other.data_norm:
        raise ValueError(
            f"data_norm: wanted the same in all parts, found {shown(one.data_norm)} and {shown(other.data_norm)}, by which "
            "the same row weighs otherwise; agree on one before."
        )
    if np.array_equal(one.bounds, other.bounds):
        return
    j = int(np.flatnonzero((one.bounds != other.bounds).any(axis=1))[0])
    raise ValueError(
        f"bounds: wanted the same in all parts, found {shown(one.bounds[j])} and {shown(other.bounds[j])} of "
        f"{column_of(one, j)}; agree on them before."
    )


# Of use or not ----------------------------------------------------------------------------------------


def warn_if_useless(found: Statistics, where: str) -> None:
    """Say of private statistics whose columns do not stand out of the noise that nothing can be learned of slopes."""
    box = Box.of_bounds(found.bounds, found.n_features)
    vary = found.bounds[: box.d, 0] < found.bounds[: box.d, 1]  # not the column of zeros of a table without any
    kept = np.flatnonzero(np.append(vary, np.ones(1 + box.n_outputs, bool)))
    M = box.products(found.sums())[:, kept][:, :, kept]
    signal = signal_of_columns(M, int(vary.sum()), found.noise_variance)
    useless = np.flatnonzero(signal < 1.0)
    if not len(useless):
        return
    typical = max(float(np.median(signal[useless])), 0.0)
    more = f"{1.0 / typical:.2g} times the rows" if typical > 0.0 else "many times the rows"
    first = useless[0]
    warn_caller(
        f"{where}: wanted columns that stand out of the noise, found {typical:.2g} of the signal that slopes need in "
        f"{len(useless)} of {found.n_tasks} task(s), such as {shown(found.ids[first])} ({found.n[first]:.0f} rows, noisy): "
        f"unusable alone. It takes {more}, a larger epsilon, fewer columns, narrower bounds, or a smaller data_norm."
    )
