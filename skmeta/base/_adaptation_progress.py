"""Who listens while many tasks are adapted: ``adapt_tasks`` is called through many hands, which need not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from skmeta.base._parts_of_work import each_told

T = TypeVar("T")
Progress = Callable[[int, int], object] | None

_LISTENER: ContextVar[Progress] = ContextVar("listener", default=None)


@contextmanager
def adaptation_told(progress: Progress) -> Iterator[None]:
    """Within it, adaptation of tasks calls ``progress(done, total)`` after each of them, where a task takes long.

    Parameters
    ----------
    progress : callable or None
        None where nobody listens.
    """
    token = _LISTENER.set(progress)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def who_listens() -> Progress:
    """What adaptation is to call now; None where nobody listens."""
    return _LISTENER.get()


def each_adapted(found: Iterable[T], n_tasks: int) -> list[T]:
    """What is made of one task after the other, of which each is told; of adaptations inside of it nothing is.

    Parameters
    ----------
    found : iterable
        Makes them.
    n_tasks : int
        How many there are.

    Returns
    -------
    list
        All of them.
    """
    progress = who_listens()
    with adaptation_told(None):
        return each_told(found, n_tasks, progress)
