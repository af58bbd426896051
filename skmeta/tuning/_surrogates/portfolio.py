"""A portfolio: few candidates of which one is good on every task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def greedy_portfolio(expected: NDArray[np.float64], size: int, chosen: NDArray[np.float64] | None = None) -> list[int]:
    r"""Return candidates such that the best of them is good on all tasks, each chosen given those before.

    Each next one is that which raises :math:`\sum_t \max_{c \in S} m_t(c)` most, where a task's :math:`m_t` counts
    from its best candidate. Of equal ones it is the first, in whatever order the tasks come.

    Parameters
    ----------
    expected : ndarray of shape (n_tasks, n_candidates)
        Expected score of each candidate on each task.
    size : int
        How many, at most ``n_candidates``.
    chosen : ndarray of shape (n_tasks, n_chosen), default=None
        Expected scores of what is in the portfolio already.

    Returns
    -------
    list of int
        Positions, in the order chosen.

    References
    ----------
    M. Feurer, K. Eggensperger, S. Falkner, M. Lindauer and F. Hutter (2022), Auto-sklearn 2.0, algorithm 1.
    """
    short = expected - expected.max(axis=1, keepdims=True, initial=-np.inf)
    best = np.full(len(short), short.min(initial=0.0))
    if chosen is not None and chosen.size:
        best = np.maximum(best, (chosen - expected.max(axis=1, keepdims=True)).max(axis=1))
    # Where no candidate adds anything to the portfolio, the one that is best by itself comes next.
    alone = 1e-9 * short.mean(axis=0)
    # What a mean over tasks may be wrong by, which would else choose among equal candidates.
    rounding = 4 * len(short) * np.finfo(float).eps * np.abs(expected).max(initial=0.0)
    places: list[int] = []
    for _ in range(min(size, short.shape[1])):
        value = np.maximum(short, best[:, None]).mean(axis=0) + alone
        value[places] = -np.inf
        places.append(int(np.argmax(value >= value.max() - rounding)))
        best = np.maximum(best, short[:, places[-1]])
    return places
