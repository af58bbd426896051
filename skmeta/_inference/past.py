"""What was known before counts as the tasks it was learned from: what one of them, typically, would say of a law."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.linalg import TINY, cholesky_root, solve

Array = NDArray[Any]

_LOG_2PI = np.log(2.0 * np.pi)


def typical_design(tasks: Any, past: CoefficientLaw) -> Array:
    """``H (p, p)`` such that ``H w`` plus the noise says of coefficients what a past task's rows say on average.

    The rows are taken to be as those of the new ``tasks``, as many as a past task had.
    """
    pooled = tasks.pooled()
    rows = np.asarray(past.n_rows / past.n_tasks / np.maximum(pooled.n_rows, TINY))
    return np.swapaxes(cholesky_root(pooled.gram * rows[..., None, None]), -1, -2)


def past_deviance(law: CoefficientLaw, noise: Array, past: CoefficientLaw, design: Array) -> Array:
    """Expected ``-2 log p`` of a past task under a ``law`` at every ``noise (..., m)``, in two parts ``(..., m, 2)``.

    The past says that ``H w + e`` varies by ``P = H S H' + noise`` around ``H mean``; under a law that has ``V`` for ``P``
    it is ``log |2 pi V| + tr V^-1 (P + H d d' H')`` for the distance ``d`` of the means.
    """
    identity, turned = np.eye(design.shape[-1]), np.swapaxes(design, -1, -2)
    drift = (design @ (past.mean - law.mean)[..., None])[..., 0]
    expected = design @ past.covariance @ turned + np.asarray(past.noise)[..., None, None] * identity
    expected = expected + drift[..., :, None] * drift[..., None, :]
    varies = (design @ law.covariance @ turned)[..., None, :, :] + noise[..., None, None] * identity
    volume = np.linalg.slogdet(varies)[1] + len(identity) * _LOG_2PI
    square = np.trace(solve(varies, expected[..., None, :, :]), axis1=-2, axis2=-1)
    return np.stack([volume, square], axis=-1)
