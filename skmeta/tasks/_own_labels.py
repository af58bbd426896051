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


def labels_in_common(tasks: Tasks) -> bool:
    """Whether any label occurs in two tasks; true of targets that are numbers, and of one task."""
    known = all_labels(tasks)
    return known is None or len(tasks) < 2 or len(known) < sum(map(len, tasks.classes or ()))


def labels_are_shared(tasks: Tasks, labels: str = "auto") -> bool:
    r"""Whether labels are those of all tasks; of targets that are numbers it is true.

    With "auto", each task is held out, and its labels :math:`L_t` are compared with those of the others by their Jaccard index,

    .. math:: \frac{|L_t \cap \bigcup_{s \ne t} L_s|}{|\bigcup_s L_s|},

    the share of labels that both have. Labels are shared if they have more in common than not, on average over tasks: then a
    new task is expected to show most of what is known, and little else. A task of a single label says nothing; where all
    tasks are such, labels are shared if two of them have the same. What labels *mean* nobody can see: characters that are
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

    References
    ----------
    P. Jaccard (1912), The distribution of the flora in the alpine zone, New Phytologist 11(2).
    """
    if tasks.classes is None or labels != "auto":
        return tasks.classes is None or labels == "shared"
    n_own, common, n_known = _counts_of_labels(tasks.classes)
    several = n_own > 1
    return bool(2.0 * common[several].mean() >= n_known if several.any() else common.any())


def most_labels_are_met_again(tasks: Tasks) -> bool:
    """Whether at least half of the labels of a task occur in others too, on average; then they may well mean the same."""
    n_own, common, _ = _counts_of_labels(tasks.classes or ())
    return bool(len(n_own) and np.mean(common / np.maximum(n_own, 1)) >= 0.5)


def _counts_of_labels(classes: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], NDArray[Any], int]:
    """How many labels each task has, how many of them others have too, and how many there are in all."""
    n_own = np.array([len(own) for own in classes])
    known, place, count = np.unique(np.concatenate(classes), return_inverse=True, return_counts=True)
    common = np.bincount(np.repeat(np.arange(len(n_own)), n_own), count[place] > 1, minlength=len(n_own))
    return n_own, common, len(known)


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
