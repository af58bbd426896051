"""Whether labels mean the same in all tasks, or each task has labels of its own: other characters, other products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._tasks import Tasks

LABELS = ("auto", "shared", "own")


def all_labels(tasks: Tasks) -> NDArray[Any] | None:
    """The labels of all tasks together, sorted; None where targets are numbers."""
    return None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))


def labels_are_shared(tasks: Tasks, labels: str = "auto") -> bool:
    """Whether labels are those of all tasks; of targets that are numbers it is true.

    With "auto", each task is held out: it speaks for labels of its own if it shows one that no other task does. These
    are labels of their own if more tasks speak for it than against it, as then the next task is expected to bring labels
    that none of these has. A task of a single label says nothing. What labels *mean* nobody can see: characters that are
    numbered from 0 in each alphabet are taken to be shared, so the answer can be given.

    Parameters
    ----------
    tasks : Tasks
        Of classifiers or regressors.
    labels : {"auto", "shared", "own"}, default="auto"
        The answer, where it is known.

    Returns
    -------
    bool
        False where each task has labels of its own.
    """
    if tasks.classes is None or labels != "auto":
        return tasks.classes is None or labels == "shared"
    n_own = np.array([len(own) for own in tasks.classes])
    place, count = np.unique(np.concatenate(tasks.classes), return_inverse=True, return_counts=True)[1:]
    alone = np.bincount(np.repeat(np.arange(len(n_own)), n_own), count[place] == 1, minlength=len(n_own)) > 0.0
    several = n_own > 1
    return bool(np.count_nonzero(several & alone) <= np.count_nonzero(several & ~alone))


def check_labels(labels: Any, known: bool | None = None) -> None:
    """Raise for what is no answer, and for another one than that of the prior that is learned on from.

    Parameters
    ----------
    labels : object
        The parameter of a learner.
    known : bool, default=None
        Whether the tasks of that prior had labels of their own; None for no prior of classifiers.
    """
    if not (isinstance(labels, str) and labels in LABELS):
        raise ValueError(f"labels: wanted one of {LABELS}, found {labels!r}.")
    if known is not None and labels not in ("auto", "own" if known else "shared"):
        has = "labels of their own each" if known else "labels that all of them have"
        raise ValueError(
            f"labels: wanted 'auto', as the prior was learned from tasks with {has}, found {labels!r}; leave it out, or learn "
            "anew without prior."
        )


def no_own_rows() -> ValueError:
    """The error of a task without rows where past tasks had labels of their own each."""
    return ValueError(
        "X: wanted rows of the task, as past tasks had labels of their own each, found none; give at least one row a label."
    )
