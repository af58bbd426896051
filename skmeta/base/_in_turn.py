"""Work in parallel whose results come one after the other, so that it can be told how much is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel


def in_turn(jobs: Iterable[Any], n_jobs: int | None) -> Iterable[Any]:
    """Results in the order of the jobs, each once it is there; of a backend that cannot, all at once.

    Parameters
    ----------
    jobs : iterable of delayed
        What is to be called.
    n_jobs : int or None
        Parallel jobs.

    Returns
    -------
    iterable
        Their results.
    """
    backend = get_active_backend()[0]
    found: Iterable[Any] = Parallel(n_jobs, return_as="generator" if backend.supports_return_generator else "list")(
        jobs
    )
    return found
