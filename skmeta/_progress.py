"""The only file that knows scikit-learn's callbacks, which are still marked experimental, and what else is told of a fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.callback import CallbackSupportMixin, with_callbacks

__all__ = ["CallbackSupportMixin", "telling_of", "telling_of_fit", "telling_of_work", "with_callbacks"]

LEARN, ADAPT = "learn the prior", "adapt to the tasks"  # what a fit may consist of, in this order
_EACH_TENTH = 10  # shown: lines of work with verbose=1


@contextmanager
def telling_of_fit(estimator: Any, X: Any, y: Any, n_parts: int) -> Iterator[None]:
    """Tell the callbacks of an estimator when its fit, of so many parts at most, begins and ends.

    They are torn down whatever happens.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        yield
        return
    try:
        context = estimator._init_callback_context(max_subtasks=n_parts)
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        yield
        context.call_on_fit_task_end(estimator=estimator, X=X, y=y)
    finally:
        with_callbacks(_nothing)(estimator)


def _nothing(estimator: Any) -> None:
    """What is done for the sake of its end, where callbacks are torn down."""


@contextmanager
def telling_of(estimator: Any, part: str) -> Iterator[Callable[[int, int], None] | None]:
    """What work calls as ``progress(done, total)`` in a part of a fit; None where nobody listens.

    Listeners are the callbacks of the estimator and, where it is ``verbose``, lines that are printed; all are told the same,
    at last that all is done, whatever was left out.
    """
    context = vars(estimator).get("_callback_fit_ctx")
    listeners: list[Any] = [] if context is None else [_Subtasks(estimator, context, part)]
    if estimator.verbose:
        listeners.append(_Lines(type(estimator).__name__, part, estimator.verbose))

    def progress(done: int, total: int) -> None:
        for each in listeners:
            each(done, total)

    yield progress if listeners else None
    for each in listeners:
        each.finish()


@contextmanager
def telling_of_work(name: str, part: str, verbose: int) -> Iterator[Callable[[int, int], None]]:
    """What the work of a function calls as ``progress(done, total)``: lines are printed if it is ``verbose``."""
    lines = _Lines(name, part, verbose)
    yield lines if verbose else lambda done, total: None
    if verbose:
        lines.finish()


class _Subtasks:
    """Makes of ``progress(done, total)`` a subtask of a fit that has as many parts as the first call says."""

    def __init__(self, estimator: Any, fit: Any, name: str) -> None:
        self._estimator, self._fit, self._name = estimator, fit, name
        self._work: Any = None
        self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        if self._work is None:
            self._total = total
            self._work = self._fit.subcontext(task_name=self._name, max_subtasks=total)
            self._work.call_on_fit_task_begin(estimator=self._estimator)
        while self._done < min(self._total * done // total, self._total):
            part = self._work.subcontext(task_name="part")
            part.call_on_fit_task_begin(estimator=self._estimator).call_on_fit_task_end(estimator=self._estimator)
            self._done += 1

    def finish(self) -> None:
        self(1, 1)
        self._work.call_on_fit_task_end(estimator=self._estimator)


class _Lines:
    """Makes of ``progress(done, total)`` lines: one each tenth of the work, or each time that more is done."""

    def __init__(self, fitted: str, name: str, verbose: int) -> None:
        self._start, self._said = f"[{fitted}] {name}: ", 0.0
        self._at_once, self._began = verbose > 1, time.perf_counter()

    def __call__(self, done: int, total: int) -> None:
        share = min(done / total, 1.0)
        if share > self._said and (self._at_once or int(_EACH_TENTH * share) > int(_EACH_TENTH * self._said)):
            self._said = share
            print(f"{self._start}{share:.0%} done, {time.perf_counter() - self._began:.1f} s", flush=True)  # noqa: T201 - asked for

    def finish(self) -> None:
        self(1, 1)
