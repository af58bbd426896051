"""How many threads BLAS has: one during computations with small matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from skmeta._sklearn import threadpool_controller

_SMALL = 256  # speed: up to this width, threads wait for each other longer than they work on a matrix
_set = Lock()  # held by whoever has set the limit, which belongs to the process


def for_matrices_of(width: int) -> AbstractContextManager[Any]:
    """A context for computations with many matrices of this width: BLAS has one thread if they are small.

    Otherwise a product of a hundred columns is split among all cores, and thousands of them, one after the other, took up to
    twelve times as long. scikit-learn's KMeans does the same.
    """
    return _one_thread() if width <= _SMALL else nullcontext()


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for BLAS. The thread of Python that set this limit lifts it; others that come meanwhile leave it alone.

    Limits that overlap without being nested would be lifted in the order in which they were set. The last one would then
    restore what it had found: one thread, for good. The last thread to leave cannot lift the limit for all, since newer
    threadpoolctl obeys only the Python thread that set it. A computation that goes on after the limit is lifted takes longer,
    with the same result.
    """
    if not _set.acquire(blocking=False):
        yield
        return
    try:
        with threadpool_controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _set.release()
