"""The analytic Gaussian mechanism: the least noise that keeps a sum private."""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, ndtr


def privacy_profile(epsilon: float, multiplier: float) -> float:
    r"""The smallest ``delta`` for which noise of ``multiplier`` sensitivities is ``(epsilon, delta)``-private.

    .. math:: \delta(\epsilon) = \Phi\left(\tfrac{1}{2 m} - \epsilon m\right)
        - e^\epsilon \, \Phi\left(-\tfrac{1}{2 m} - \epsilon m\right), \quad m = \sigma / \Delta

    B. Balle and Y.-X. Wang (2018), Improving the Gaussian mechanism for differential privacy, ICML, theorem 8.
    """
    inner, outer = 0.5 / multiplier - epsilon * multiplier, 0.5 / multiplier + epsilon * multiplier
    # exp(epsilon) Phi(-outer) without powers that cancel: outer^2 = inner^2 + 2 epsilon.
    density = 0.5 * np.exp(-0.5 * inner**2)
    gained = ndtr(inner) if inner > 0 else density * erfcx(-inner / np.sqrt(2.0))
    return float(gained - density * erfcx(outer / np.sqrt(2.0)))


def noise_multiplier(epsilon: float, delta: float) -> float:
    """The standard deviation of the least noise that is ``(epsilon, delta)``-private, in sensitivities.

    By bisection, as in algorithm 1 of Balle and Wang, down to neighbouring numbers: of these two the one that keeps
    the promise.
    """
    low = high = 1.0
    while privacy_profile(epsilon, high) > delta:
        low, high = high, 2.0 * high
    while privacy_profile(epsilon, low) <= delta:
        low, high = 0.5 * low, low
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            return high
        low, high = (low, middle) if privacy_profile(epsilon, middle) <= delta else (middle, high)
