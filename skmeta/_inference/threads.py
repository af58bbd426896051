"""How many threads work: on blocks as many as are asked for, for batched linear algebra leaves Python's lock alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_SMALL = 256  # speed: up to this width, threads wait for each other longer than they work on a matrix


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def for_matrices_of(width: int) -> AbstractContextManager[Any]:
    """While it is computed with many matrices of this width, BLAS has one thread where they are small.

    Otherwise a product of a hundred columns is split among all cores, and thousands of them, one after the other, took up to
    twelve times as long. scikit-learn's KMeans does the same.
    """
    return _controller().limit(limits=1, user_api="blas") if width <= _SMALL else nullcontext()


def blocks_of(n_items: Any, size: int) -> list[slice]:
    """Slices of at most ``size`` items."""
    return [slice(start, min(start + size, n_items)) for start in range(0, n_items, size)]


def run(function: Any, items: Any, n_jobs: int = 1) -> list[Any]:
    """``[function(i) for i in items]``, by threads if asked; the order of the results never depends on it."""
    if n_jobs == 1 or len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(function, items))
