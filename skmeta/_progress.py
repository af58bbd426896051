"""The only file that knows scikit-learn's callbacks, which are still marked experimental."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.callback import CallbackSupportMixin, with_callbacks

__all__ = ["CallbackSupportMixin", "telling_of_fit", "telling_of_learning", "with_callbacks"]


@contextmanager
def telling_of_fit(estimator: Any, X: Any, y: Any) -> Iterator[None]:
    """Tell the callbacks of an estimator when its fit begins and ends; they are torn down whatever happens."""
    if not getattr(estimator, "_skl_callbacks", None):
        yield
        return
    try:
        context = estimator._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        yield
        context.call_on_fit_task_end(estimator=estimator, X=X, y=y)
    finally:
        with_callbacks(_nothing)(estimator)


def _nothing(estimator: Any) -> None:
    """What is done for the sake of its end, where callbacks are torn down."""


@contextmanager
def telling_of_learning(estimator: Any) -> Iterator[Any]:
    """What a learner calls as ``progress(done, total)`` in the fit of an estimator with callbacks; None without any."""
    context = vars(estimator).get("_callback_fit_ctx")
    if context is None:
        yield None
        return
    parts = _Parts(estimator, context)
    yield parts
    parts.finish()


class _Parts:
    """Makes of ``progress(done, total)`` a subtask of a fit that has as many parts as the first call says."""

    def __init__(self, estimator: Any, fit: Any) -> None:
        self._estimator, self._fit = estimator, fit
        self._learning: Any = None
        self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        if self._learning is None:
            self._total = total
            self._learning = self._fit.subcontext(task_name="learn the prior", max_subtasks=total)
            self._learning.call_on_fit_task_begin(estimator=self._estimator)
        while self._done < min(self._total * done // total, self._total):
            part = self._learning.subcontext(task_name="part")
            part.call_on_fit_task_begin(estimator=self._estimator).call_on_fit_task_end(estimator=self._estimator)
            self._done += 1

    def finish(self) -> None:
        """All is done, whatever was left out."""
        if self._learning is not None:
            self._learning.call_on_fit_task_end(estimator=self._estimator)
