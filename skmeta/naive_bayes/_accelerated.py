"""A fixed point reached in fewer steps, many of them at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MAX_STEPS = 300  # guard: pairs of steps
_TOLERANCE = 1e-8  # guard: of the parameters


def fixed_point(
    step: Callable[[Array], Array],
    objective: Callable[[Array], Array],
    start: Array,
    total: Callable[[Array], Array],
    spread: Callable[[Array], Array],
) -> Array:
    r"""Where ``step`` leads from ``start``, for many problems at once: SQUAREM, scheme S3.

    After two steps with differences :math:`r` and then :math:`r + v`, the parameters move on to
    :math:`\theta - 2 a r + a^2 v` with :math:`a = -|r| / |v|`; a problem for which that is worse keeps its two steps.

    Parameters
    ----------
    step : callable
        One step of an EM algorithm, or of another that raises ``objective``.
    objective : callable
        One number a problem.
    start : ndarray
        Parameters of all problems.
    total, spread : callable
        Sum over the parameters of each problem, and back: its number for each of its parameters.

    Returns
    -------
    ndarray
        Like ``start``.

    References
    ----------
    R. Varadhan and C. Roland (2008), Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm, Scandinavian Journal of Statistics 35, equation 8.
    """
    theta = start
    for _ in range(_MAX_STEPS):
        first = step(theta)
        second = step(first)
        r, v = first - theta, second - 2.0 * first + theta
        with np.errstate(divide="ignore", invalid="ignore"):
            a = np.nan_to_num(np.minimum(-np.sqrt(total(r**2) / total(v**2)), -1.0), nan=-1.0, neginf=-1.0)
        a = spread(a)
        with np.errstate(over="ignore", invalid="ignore"):
            far = step(theta - 2.0 * a * r + a**2 * v)
            better = spread(objective(far)) >= spread(objective(second))  # False where it is no number
        moved = np.abs(second - theta).max(initial=0.0)
        theta = np.where(better, far, second)
        if moved < _TOLERANCE:
            break
    return theta
