"""The columns of a user's table that are no features, and what is said where they are of no use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skmeta.base import Prior
from skmeta.steps import split_prior
from skmeta.tasks import TaskColumns
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed


def columns_beside(
    X: Any, task: str | int | Sequence[str | int] | None, context: Sequence[str | int] | None, prior: Prior | None
) -> TaskColumns:
    """The columns of ids and of context: those given and, of a table that has them, those that the prior was learned with."""
    past = TaskColumns() if prior is None else split_prior(prior)[0].columns
    if task is None and context is None:
        return past
    if task is None:
        return past.with_context(X, context or ())
    if context is None and past.by_name:
        own = TaskColumns.of_table(X, task)
        context = [name for name in past.places(X) if name in past.context and name not in own.task]
    return TaskColumns.of_table(X, task, context or ())


def columns_of_prior(columns: TaskColumns, prior: Prior) -> TaskColumns:
    """Those that a prior has to know in tables of new tasks: of ids, if it reads any of them, and of context."""
    return columns if set(columns.task) & set(prior.context_names) else columns.without_task()


def warn_of_unread_context(columns: TaskColumns, prior: Prior) -> None:
    """Warn of columns that describe tasks to a prior that makes no use of them."""
    unread = [columns.label(name) for name in columns.context if name not in prior.context_names]
    if unread:
        warn_caller(
            f"context: wanted columns that the prior reads, found {listed(unread)}, of which it makes no use; leave them out "
            "of context, to be features, or out of X, or give a learner that reads what describes a task."
        )
