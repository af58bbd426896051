"""How many threads BLAS has: one while it is computed with small matrices."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from skmeta._sklearn import threadpool_controller

_SMALL = 256  # speed: up to this width, threads wait for each other longer than they work on a matrix


def for_matrices_of(width: int) -> AbstractContextManager[Any]:
    """While it is computed with many matrices of this width, BLAS has one thread where they are small.

    Otherwise a product of a hundred columns is split among all cores, and thousands of them, one after the other, took up to
    twelve times as long. scikit-learn's KMeans does the same.
    """
    return threadpool_controller().limit(limits=1, user_api="blas") if width <= _SMALL else nullcontext()
